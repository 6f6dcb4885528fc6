#include "worker/engine/nn/low_rank.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "worker/engine/nn/functional.h"
#include "worker/engine/nn/gemm.h"
#include "worker/engine/nn/product.h"

namespace eida::engine::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// What autograd keeps beside tensors; the terms without theirs.
struct KeptTerms : torch::CustomClassHolder {
  std::vector<LowRankTerm> terms;
  DropoutKeys dropout;
  bool direct = false;
};

struct Gradients {
  at::Tensor a, b;
};

at::Tensor RowsOf(const at::Tensor& x, const LowRankTerm& term) {
  return term.rows == x.size(0) ? x : x.narrow(0, term.first_row, term.rows);
}

bool Whole(const LowRankTerm& term, const at::Tensor& y) { return term.columns == y.size(1); }

// Whether the products can go to BLAS without operators: the same bits in less time.
bool Direct(const at::Tensor& x, const at::Tensor& y, const std::vector<LowRankTerm>& terms) {
  return IsMatrix(x) && IsMatrix(y) &&
         std::all_of(terms.begin(), terms.end(), [&](const LowRankTerm& term) {
           return IsMatrix(term.a) && IsMatrix(term.b) && Whole(term, y);
         });
}

// Adds to y, returns A dropout(x).
at::Tensor AddDirectly(const at::Tensor& y, const at::Tensor& input, const LowRankTerm& term) {
  const at::Tensor low =
      Times(AsMatrix(input).Rows(term.first_row, term.rows), AsMatrix(term.a).t(), y.options());
  Gemm(static_cast<float>(term.scale), AsMatrix(low), AsMatrix(term.b).t(), 1,
       AsMatrix(y).Rows(term.first_row, term.rows));
  return low;
}

at::Tensor Add(const at::Tensor& y, const at::Tensor& input, const LowRankTerm& term) {
  const at::Tensor low = Linear(RowsOf(input, term), term.a, {});
  at::Tensor out = RowsOf(y, term);
  if (Whole(term, y)) {
    AddLinearTo(out, low, term.b, term.scale);
  } else {
    out.narrow(1, term.column, term.columns).add_(Linear(low, term.b, {}), term.scale);
  }
  return low;
}

// The gradients of the factors; that of the input in the term's rows of dx, where it is wanted.
Gradients BackDirectly(const at::Tensor& dy, const at::Tensor& input, const at::Tensor& low,
                       const LowRankTerm& term, const at::Tensor& dx) {
  const Matrix up = AsMatrix(dy).Rows(term.first_row, term.rows);
  const at::Tensor dlow = Times(up, AsMatrix(term.b), dy.options(), term.scale);
  Gradients gradients;
  gradients.a =
      Times(AsMatrix(dlow).t(), AsMatrix(input).Rows(term.first_row, term.rows), dy.options());
  gradients.b = Times(up.t(), AsMatrix(low), dy.options(), term.scale);
  if (dx.defined())
    Gemm(1, AsMatrix(dlow), AsMatrix(term.a), 0, AsMatrix(dx).Rows(term.first_row, term.rows));
  return gradients;
}

Gradients Back(const at::Tensor& dy, const at::Tensor& input, const at::Tensor& low,
               const LowRankTerm& term, const at::Tensor& dx) {
  at::Tensor up = RowsOf(dy, term);
  // Where a whole output is added to, the scale stands behind the product.
  const double scale = Whole(term, dy) ? term.scale : 1;
  if (!Whole(term, dy)) up = up.narrow(1, term.column, term.columns) * term.scale;
  const at::Tensor dlow = Product(up, term.b, scale);
  if (dx.defined()) RowsOf(dx, term).copy_(Product(dlow, term.a));
  return {Product(dlow.t(), RowsOf(input, term)), Product(up.t(), low, scale)};
}

struct LowRankFunction : Function<LowRankFunction> {
  // `factors`: a and b of each term, for autograd.
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& y, const at::Tensor& x,
                            at::TensorList factors, const DropoutKeys& dropout,
                            const std::vector<LowRankTerm>& terms) {
    auto kept = c10::make_intrusive<KeptTerms>();
    kept->terms = terms;
    kept->dropout = dropout;
    kept->direct = Direct(x, y, terms);
    const at::Tensor input = DropoutSame(x, dropout);
    variable_list saved = {input};
    for (LowRankTerm& term : kept->terms) {
      saved.push_back((kept->direct ? AddDirectly : Add)(y, input, term));
      saved.insert(saved.end(), {term.a, term.b});
      term.a.reset();
      term.b.reset();
    }
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["terms"] = c10::IValue::make_capsule(std::move(kept));
    ctx->mark_dirty({y});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const auto capsule = ctx->saved_data["terms"].toCapsule();
    const auto& kept = static_cast<const KeptTerms&>(*capsule);
    const at::Tensor& input = saved[0];
    const at::Tensor dy = kept.direct ? grads[0].contiguous() : grads[0];
    at::Tensor dx;
    if (ctx->needs_input_grad(1)) {
      int64_t rows = 0;
      for (const LowRankTerm& term : kept.terms) rows += term.rows;
      dx = rows == dy.size(0) ? at::empty_like(input) : at::zeros_like(input);
    }
    variable_list result = {dy, {}};
    for (size_t i = 0; i < kept.terms.size(); ++i) {
      LowRankTerm term = kept.terms[i];
      term.a = saved[3 * i + 2];
      term.b = saved[3 * i + 3];
      const Gradients own =
          (kept.direct ? BackDirectly : Back)(dy, input, saved[3 * i + 1], term, dx);
      result.insert(result.end(), {own.a, own.b});
    }
    if (dx.defined()) result[1] = DropoutSame(dx, kept.dropout);
    result.resize(result.size() + 2);  // of what is no tensor
    return result;
  }
};

}  // namespace

at::Tensor AddLowRank(const at::Tensor& y, const at::Tensor& x, const DropoutKeys& dropout,
                      const std::vector<LowRankTerm>& terms) {
  variable_list factors;
  for (const LowRankTerm& term : terms) factors.insert(factors.end(), {term.a, term.b});
  return LowRankFunction::apply(y, x, at::TensorList(factors), dropout, terms);
}

}  // namespace eida::engine::nn

namespace eida::engine {

LowRankPatch::LowRankPatch(SiteShape shape, at::Tensor a, at::Tensor b, double scale,
                           double dropout)
    : shape_(std::move(shape)),
      a_(std::move(a)),
      b_(std::move(b)),
      scale_(scale),
      dropout_(dropout) {}

nn::LowRankTerm LowRankPatch::Term(Context& context, int64_t first_row, int64_t rows) const {
  return {context.Cast(a_), context.Cast(b_), scale_, first_row, rows, shape_.begin, shape_.out};
}

at::Tensor LowRankPatch::Apply(Context& context, const Site&, const at::Tensor& x,
                               at::Tensor y) const {
  const DropoutKeys dropout = context.NextDropout(dropout_);
  return nn::AddLowRank(y, x, dropout, {Term(context, 0, x.size(0))});
}

}  // namespace eida::engine
