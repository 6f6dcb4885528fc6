#include "worker/engine/nn/functional.h"

#include <torch/torch.h>

#include "common/base/rng.h"
#include "worker/engine/nn/fused.h"
#include "worker/engine/nn/plain.h"

namespace eida::engine::nn {
namespace {

thread_local bool plain_forms = false;

bool Fused(const at::Tensor& x) { return x.is_cpu() && !plain_forms; }
bool IsHalf(const at::Tensor& x) { return x.scalar_type() == at::kHalf; }
at::Tensor Wide(const at::Tensor& x) { return x.to(at::kFloat); }
Hidden Narrow(const Hidden& x) { return {x.stream, x.stream.to(at::kHalf)}; }

}  // namespace

bool HasKernels(const at::Tensor& x) { return Fused(x) && !IsHalf(x); }

PlainForms::PlainForms() : before_(plain_forms) { plain_forms = true; }
PlainForms::~PlainForms() { plain_forms = before_; }

DropoutKey MakeDropout(double p, uint64_t stream) {
  DropoutKey key;
  key.threshold = static_cast<uint32_t>(p * 65536.0 + 0.5);
  if (key.threshold == 0) return key;
  key.a = static_cast<uint32_t>(Rng::Mix(stream));
  key.b = static_cast<uint32_t>(Rng::Mix(stream) >> 32);
  key.scale = static_cast<float>(65536.0 / (65536.0 - key.threshold));
  return key;
}

at::Tensor Gelu(const at::Tensor& x) {
  if (!Fused(x)) return at::gelu(x);
  return IsHalf(x) ? fused::Gelu(Wide(x)).to(at::kHalf) : fused::Gelu(x);
}

bool IsActivation(const std::string& name) {
  return name == "gelu" || name == "gelu_new" || name == "gelu_pytorch_tanh" ||
         name == "gelu_fast" || name == "relu";
}

at::Tensor Activate(const std::string& name, const at::Tensor& x) {
  if (name == "gelu") return Gelu(x);
  return name == "relu" ? at::relu(x) : at::gelu(x, "tanh");
}

Hidden Norm(const at::Tensor& stream, const NormWeights& weights, at::ScalarType compute) {
  return AddNorm(stream, {}, weights, {}, compute);
}

at::Tensor AddResidual(const at::Tensor& x, const at::Tensor& stream, const DropoutKeys& dropout) {
  return stream + DropoutSame(x, dropout).to(at::kFloat);
}

Hidden AddNorm(const at::Tensor& x, const at::Tensor& residual, const NormWeights& weights,
               const DropoutKeys& dropout, at::ScalarType compute) {
  if (!Fused(x)) return plain::AddNorm(x, residual, weights, dropout, compute);
  if (compute != at::kHalf) return fused::AddNorm(x, residual, weights, dropout, compute);
  return Narrow(fused::AddNorm(Wide(x), residual, weights, dropout, at::kFloat));
}

Hidden Dropout(const at::Tensor& x, const DropoutKeys& dropout, at::ScalarType compute) {
  if (dropout.none()) return {x, x.to(compute)};
  if (!Fused(x)) return plain::Dropout(x, dropout, compute);
  if (compute != at::kHalf) return fused::Dropout(x, dropout, compute);
  return Narrow(fused::Dropout(x, dropout, at::kFloat));
}

at::Tensor DropoutSame(const at::Tensor& x, const DropoutKeys& dropout) {
  if (dropout.none()) return x;
  if (!Fused(x)) return plain::DropoutSame(x, dropout);
  return IsHalf(x) ? fused::DropoutSame(Wide(x), dropout).to(at::kHalf)
                   : fused::DropoutSame(x, dropout);
}

at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionRows& rows, int64_t heads, const DropoutKeys& dropout) {
  if (!Fused(q)) return plain::Attention(q, k, v, rows, heads, dropout);
  if (!IsHalf(q)) return fused::Attention(q, k, v, rows, heads, dropout);
  return fused::Attention(Wide(q), Wide(k), Wide(v), rows, heads, dropout).to(at::kHalf);
}

at::Tensor DropoutMask(const DropoutKeys& dropout, int64_t rows, int64_t n) {
  return plain::Mask(dropout, rows, n);
}

}  // namespace eida::engine::nn
