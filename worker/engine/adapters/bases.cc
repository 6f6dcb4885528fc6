#include "worker/engine/adapters/bases.h"

#include <torch/torch.h>

#include <algorithm>

#include "worker/engine/job.h"

namespace eida::engine::bases {
namespace {

// Directions whose share of the largest variance is below this are rounding.
constexpr double kRankTolerance = 1e-11;

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
  if (n == 0) return TooFew(what, n, 0, k);
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
  const int64_t rank = 1 + at::gt(values, kRankTolerance * largest).sum().item<int64_t>();
  if (rank < k) return TooFew(what, n, rank, k);
  const at::Tensor top = vectors.narrow(1, vectors.size(1) - (k - 1), k - 1).flip({1});
  const at::Tensor columns = at::cat({first.unsqueeze(1), by_rows ? rest.t().matmul(top) : top}, 1);
  // Columns are orthogonal up to rounding; the sign of R's diagonal keeps each one's direction.
  const auto [q, r] = at::linalg_qr(columns);
  return (q * r.diagonal().sign()).t().contiguous().to(at::kFloat);
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
  auto [u, s, v] = at::linalg_svd(matrix.detach().to(at::kCPU, at::kDouble), false);
  u = u.narrow(1, 0, k), s = s.narrow(0, 0, k), v = v.narrow(0, 0, k);
  const at::Tensor sign = u.gather(0, u.abs().argmax(0, true)).sign();  // [1, k]
  return {(u * sign).contiguous().to(at::kFloat), s.contiguous().to(at::kFloat),
          (v * sign.t()).contiguous().to(at::kFloat)};
}

}  // namespace eida::engine::bases
