#include "worker/engine/adapters/bases.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "worker/engine/job.h"

namespace eida::engine::bases {
namespace {

// Directions whose share of the largest variance is below this are rounding.
constexpr double kRankTolerance = 1e-11;

// Leading singular triples, fp64: u [m, k], s [k], v [k, n]. By the eigenvectors of the smaller
// Gram matrix, many times cheaper than the decomposition itself, which is left for triples so small
// that squaring would cost their digits.
std::tuple<at::Tensor, at::Tensor, at::Tensor> Triples(const at::Tensor& x, int64_t k) {
  constexpr double kSmallest = 1e-5;
  const bool by_rows = x.size(0) < x.size(1);
  const auto [values, vectors] = at::linalg_eigh(by_rows ? x.matmul(x.t()) : x.t().matmul(x));
  const at::Tensor s = values.narrow(0, values.size(0) - k, k).flip({0}).clamp_min(0).sqrt();
  if (!(s[k - 1].item<double>() > kSmallest * s[0].item<double>())) {
    const auto [u, all, v] = at::linalg_svd(x, false);
    return {u.narrow(1, 0, k), all.narrow(0, 0, k), v.narrow(0, 0, k)};
  }
  const at::Tensor side = vectors.narrow(1, vectors.size(1) - k, k).flip({1});
  if (by_rows) return {side, s, side.t().matmul(x) / s.unsqueeze(1)};
  return {x.matmul(side) / s, s, side.t()};
}

Status TooFew(const std::string& what, int64_t rows, int64_t rank, int64_t k) {
  return ConfigError(what + ": the sample of " + std::to_string(rows) + " tokens spans " +
                     std::to_string(rank) + " dimensions, " + std::to_string(k) +
                     " are asked for; take a larger sample or lower dims");
}

}  // namespace

Result<at::Tensor> MeanFirst(const at::Tensor& sample, int64_t k, const std::string& what) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = sample.detach().to(at::kCPU, at::kDouble);
  const int64_t n = x.size(0), d = x.size(1);
  if (std::min(n, d) < k) return TooFew(what, n, std::min(n, d), k);
  const at::Tensor mean = x.mean(0);
  const double length = mean.norm().item<double>(), scale = x.abs().max().item<double>();
  if (!(length > 1e-12 * scale)) return TooFew(what, n, 0, k);
  const at::Tensor first = mean / length;
  if (k == 1) return first.unsqueeze(0).to(at::kFloat);
  const at::Tensor rest = x - at::outer(x.mv(first), first);
  const bool by_rows = n < d;
  const auto [values, vectors] =
      at::linalg_eigh(by_rows ? rest.matmul(rest.t()) : rest.t().matmul(rest));
  const double largest = std::max(values[-1].item<double>(), length * length * 1e-12);
  const int64_t spanned =
      std::min(k, 1 + at::gt(values, kRankTolerance * largest).sum().item<int64_t>());
  const at::Tensor top = vectors.narrow(1, vectors.size(1) - (spanned - 1), spanned - 1).flip({1});
  const at::Tensor columns = at::cat({first.unsqueeze(1), by_rows ? rest.t().matmul(top) : top}, 1);
  // Columns are orthogonal up to rounding; the sign of R's diagonal keeps each one's direction.
  const auto [q, r] = at::linalg_qr(columns);
  const at::Tensor basis = (q * r.diagonal().sign()).t().to(at::kFloat);
  return at::constant_pad_nd(basis, {0, 0, 0, k - spanned}).contiguous();
}

double MeanCosine(const at::Tensor& sample, const at::Tensor& basis, int64_t k) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = sample.detach().to(at::kCPU, at::kDouble);
  const at::Tensor low = x.matmul(basis.narrow(0, 0, k).to(at::kCPU, at::kDouble).t());
  const at::Tensor norms = x.norm(2, 1);
  const at::Tensor there = at::gt(norms, 0);
  if (!there.any().item<bool>()) return 0;
  return (low.norm(2, 1) / norms).masked_select(there).mean().item<double>();
}

Svd Leading(const at::Tensor& matrix, int64_t k) {
  const at::NoGradGuard no_grad;
  const auto [u, s, v] = Triples(matrix.detach().to(at::kCPU, at::kDouble), k);
  const at::Tensor sign = u.gather(0, u.abs().argmax(0, true)).sign();  // [1, k]
  return {(u * sign).contiguous().to(at::kFloat), s.contiguous().to(at::kFloat),
          (v * sign.t()).contiguous().to(at::kFloat)};
}

void IncrementalPca::Add(const at::Tensor& rows) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = rows.detach().to(at::kCPU, at::kDouble), mean = x.mean(0);
  const auto n = static_cast<double>(x.size(0)), before = static_cast<double>(seen_);
  at::Tensor stack = x - mean;
  spread_ += stack.square().sum().item<double>();
  if (seen_ == 0) {
    mean_ = mean;
  } else {
    const at::Tensor shift = std::sqrt(before * n / (before + n)) * (mean_ - mean);
    spread_ += shift.square().sum().item<double>();
    stack = at::cat({singular_.unsqueeze(1) * components_, stack, shift.unsqueeze(0)});
    mean_ = (before * mean_ + n * mean) / (before + n);
  }
  seen_ += x.size(0);
  const auto [u, s, v] = Triples(stack, k_);
  singular_ = s.clone();
  components_ = v * v.gather(1, v.abs().argmax(1, true)).sign();
}

}  // namespace eida::engine::bases
