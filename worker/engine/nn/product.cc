#include "worker/engine/nn/product.h"

#include <torch/torch.h>

namespace eida::engine::nn {
namespace {

bool Widens(const at::Tensor& x) {
  if (!x.is_cpu()) return false;
  return x.scalar_type() == at::kHalf || (x.scalar_type() == at::kBFloat16 && WidensBf16());
}

}  // namespace

bool WidensBf16() {
  // Every x86 CPU with AMX has AVX512_BF16 too.
  static const bool widens = __builtin_cpu_supports("avx512bf16") == 0;
  return widens;
}

at::Tensor Linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (!Widens(x)) return at::linear(x, weight, bias);
  const at::Tensor wide_bias = bias.defined() ? bias.to(at::kFloat) : bias;
  return at::linear(x.to(at::kFloat), weight.to(at::kFloat), wide_bias).to(x.scalar_type());
}

at::Tensor AddLinear(const at::Tensor& base, const at::Tensor& x, const at::Tensor& weight,
                     double scale) {
  if (!Widens(x)) return at::addmm(base, x, weight.t(), 1.0, scale);
  return at::addmm(base.to(at::kFloat), x.to(at::kFloat), weight.to(at::kFloat).t(), 1.0, scale)
      .to(x.scalar_type());
}

void AddLinearTo(at::Tensor& base, const at::Tensor& x, const at::Tensor& weight, double scale) {
  if (Widens(x)) {
    base.copy_(AddLinear(base, x, weight, scale));
  } else {
    base.addmm_(x, weight.t(), 1.0, scale);
  }
}

at::Tensor Product(const at::Tensor& left, const at::Tensor& right, double scale) {
  const bool widens = Widens(left);
  const at::Tensor product =
      widens ? at::mm(left.to(at::kFloat), right.to(at::kFloat)) : at::mm(left, right);
  const at::Tensor scaled = scale == 1 ? product : product * scale;
  return widens ? scaled.to(left.scalar_type()) : scaled;
}

}  // namespace eida::engine::nn
