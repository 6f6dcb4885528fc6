// Orthonormal bases of samples and matrices, solved in fp64 on the CPU: the same on every device.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "common/base/status.h"

namespace eida::engine::bases {

// Of a sample [n, d]: the mean's direction, then the leading eigenvectors of the covariance of what
// is left when that direction is taken out; fp32 [k, d], orthonormal rows (SCIENCE 2.1). The basis
// of a smaller k is its beginning. ConfigError naming `what` when the sample spans fewer than k
// directions.
Result<at::Tensor> MeanFirst(const at::Tensor& sample, int64_t k, const std::string& what);

// Mean over the sample's rows of |P x| / |x|, P the projection on the basis' first k rows: the
// cosine between a row and its projection.
double MeanCosine(const at::Tensor& sample, const at::Tensor& basis, int64_t k);

// The leading k singular triples of [m, n]: u [m, k], s [k], v [k, n], fp32; the largest number of
// each column of u is positive.
struct Svd {
  at::Tensor u, s, v;
};
Svd Leading(const at::Tensor& matrix, int64_t k);

// Principal components of rows that come in batches, of which only the components, their singular
// values and the mean are kept (Ross et al. 2008, as scikit-learn's IncrementalPCA).
class IncrementalPca {
 public:
  explicit IncrementalPca(int64_t components) : k_(components) {}
  // REQUIRES: at least as many rows as components, [n, d].
  void Add(const at::Tensor& rows);
  // fp64 [k, d], orthonormal, the largest number of each row positive; undefined before the first
  // batch. A tensor of its own after each Add.
  const at::Tensor& components() const { return components_; }
  // fp64 [k]: each component's share of the variance of all rows so far.
  at::Tensor explained_variance_ratio() const { return singular_.square() / spread_; }

 private:
  int64_t k_, seen_ = 0;
  double spread_ = 0;  // squared distances of all rows from their mean
  at::Tensor mean_, components_, singular_;
};

}  // namespace eida::engine::bases
