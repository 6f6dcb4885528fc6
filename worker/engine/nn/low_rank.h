// What a LoRA adds to a linear map, s B A dropout(x), for one run or for several in one pass.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "worker/engine/nn/context.h"

namespace eida::engine::nn {

// One addition to some rows and columns of a map's output.
struct LowRankTerm {
  at::Tensor a, b;  // [r, in] and [columns, r], in the compute type
  double scale = 1;
  int64_t first_row = 0, rows = 0;
  int64_t column = 0, columns = 0;
};

// y + what the terms add, in y's memory. x [T, in], y [T, out] and the factors are of one type;
// differentiable in all of them. A term's numbers do not depend on the other terms.
// REQUIRES: no two terms share a row. y is no leaf that needs a gradient, and nobody else looks at
// it.
at::Tensor AddLowRank(const at::Tensor& y, const at::Tensor& x, const DropoutKeys& dropout,
                      const std::vector<LowRankTerm>& terms);

}  // namespace eida::engine::nn

namespace eida::engine {

class LowRankPatch : public SitePatch {
 public:
  // `dropout`: probability, drawn anew in each pass.
  LowRankPatch(SiteShape shape, at::Tensor a, at::Tensor b, double scale, double dropout);
  at::Tensor Apply(Context& context, const Site& site, const at::Tensor& x,
                   at::Tensor y) const override;
  const LowRankPatch* low_rank() const override { return this; }
  double dropout() const { return dropout_; }
  // What it adds to `rows` rows from `first_row` on.
  nn::LowRankTerm Term(Context& context, int64_t first_row, int64_t rows) const;

 private:
  SiteShape shape_;
  at::Tensor a_, b_;
  double scale_, dropout_;
};

}  // namespace eida::engine
