#include "worker/analysis/cka.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace eida::analysis {
namespace {

// Columns of the stacked vectors that are widened to fp64 at a time.
constexpr int64_t kBlock = 1 << 18;

at::Tensor PackUpper(const at::Tensor& gram) {
  const int64_t n = gram.size(0);
  const at::Tensor index = torch::triu_indices(n, n, 0, gram.options().dtype(torch::kLong));
  at::Tensor packed = gram.index({index[0], index[1]});
  return torch::where(index[0] == index[1], packed, packed * std::sqrt(2.0))
      .to(torch::kFloat)
      .contiguous();
}

// Szekely's U-centring of a symmetric matrix.
at::Tensor UCentre(const at::Tensor& gram) {
  const double n = static_cast<double>(gram.size(0));
  at::Tensor k = gram.clone();
  k.fill_diagonal_(0);
  at::Tensor means = k.sum(0) / (n - 2);
  means -= means.sum() / (2 * (n - 1));
  k -= means.unsqueeze(0);
  k -= means.unsqueeze(1);
  k.fill_diagonal_(0);
  return k;
}

}  // namespace

GramVectors MakeGramVectors(const at::Tensor& features) {
  const torch::NoGradGuard no_grad;
  const at::Tensor x = features.to(torch::kDouble);
  const at::Tensor centred = (x - x.mean(0, true)).to(torch::kFloat);
  const at::Tensor gram = torch::mm(centred, centred.t()).cpu().to(torch::kDouble);
  return {PackUpper(gram), PackUpper(UCentre(gram))};
}

Values AllPairsCka(const std::vector<at::Tensor>& vectors) {
  const torch::NoGradGuard no_grad;
  const int64_t m = static_cast<int64_t>(vectors.size());
  at::Tensor products = torch::zeros({m, m}, torch::kDouble);
  const int64_t length = vectors.empty() ? 0 : vectors[0].size(0);
  for (int64_t begin = 0; begin < length; begin += kBlock) {
    const int64_t size = std::min(kBlock, length - begin);
    at::Tensor block = torch::empty({m, size}, torch::kDouble);
    for (int64_t i = 0; i < m; ++i) block[i].copy_(vectors[i].narrow(0, begin, size));
    products += torch::mm(block, block.t());
  }
  Values values(m, std::vector<std::optional<double>>(m));
  const auto p = products.accessor<double, 2>();
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = i; j < m; ++j) {
      const double norm = std::sqrt(p[i][i]) * std::sqrt(p[j][j]);
      if (!(norm > 0)) continue;
      values[i][j] = values[j][i] = i == j ? 1.0 : p[i][j] / norm;
    }
  }
  return values;
}

}  // namespace eida::analysis
