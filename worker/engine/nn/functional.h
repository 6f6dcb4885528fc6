// The differentiable pieces of a transformer besides its linear maps. Each has two forms with the
// same meaning: fused kernels on the CPU, plain ATen operations elsewhere (and in tests, as the
// definition). Activations have the compute type of the context (fp32, bf16 or fp16); the residual
// stream, normalisation, softmax and the loss are fp32. The kernels know fp32 and bf16: fp16 on the
// CPU is widened for each piece and rounded after it.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "worker/engine/nn/attention_rows.h"
#include "worker/engine/nn/dropout.h"

namespace eida::engine {

// What flows between layers: `stream` in fp32 for the residual sum, `compute` for the products. The
// same tensor in fp32.
struct Hidden {
  at::Tensor stream, compute;
};

struct NormWeights {
  at::Tensor gamma, beta;  // fp32 [n]
  double eps = 1e-12;
};

namespace nn {

// The key of a dropout that keeps 1 - p (to 1/65536), in the stream that (a, b) name. p = 0: no
// dropout.
DropoutKey MakeDropout(double p, uint64_t stream);

at::Tensor Gelu(const at::Tensor& x);  // the exact (erf) form
// By its name in config.json: gelu, gelu_new (also gelu_pytorch_tanh, gelu_fast), relu. REQUIRES:
// IsActivation(name).
at::Tensor Activate(const std::string& name, const at::Tensor& x);
bool IsActivation(const std::string& name);
// norm(dropout(x) + residual); `residual` may be undefined.
Hidden AddNorm(const at::Tensor& x, const at::Tensor& residual, const NormWeights& weights,
               const DropoutKeys& dropout, at::ScalarType compute);
// The pieces of a pre-norm layer: norm(stream), and stream + dropout(x) in fp32.
Hidden Norm(const at::Tensor& stream, const NormWeights& weights, at::ScalarType compute);
at::Tensor AddResidual(const at::Tensor& x, const at::Tensor& stream, const DropoutKeys& dropout);
// dropout(x) of an fp32 [rows, n].
Hidden Dropout(const at::Tensor& x, const DropoutKeys& dropout, at::ScalarType compute);
// Dropout of [rows, n] in its own type.
at::Tensor DropoutSame(const at::Tensor& x, const DropoutKeys& dropout);
// softmax(q k^T / sqrt(dim)) v within each item and head, dropout on the probabilities.
at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionRows& rows, int64_t heads, const DropoutKeys& dropout);

// Whether the fused kernels take activations like x as they are; else plain operations do.
bool HasKernels(const at::Tensor& x);

// The multipliers of `dropout` for [rows, n], as the kernels draw them. fp32, for definitions and
// tests.
at::Tensor DropoutMask(const DropoutKeys& dropout, int64_t rows, int64_t n);

// Switches the CPU kernels off in this thread while it lives; tests compare the two forms.
class PlainForms {
 public:
  PlainForms();
  ~PlainForms();

 private:
  bool before_;
};

}  // namespace nn
}  // namespace eida::engine
