// functional.h by plain ATen operations: the definition, and the form for other devices. Autograd
// differentiates it.
#pragma once

#include "worker/engine/nn/functional.h"

namespace eida::engine::nn::plain {

at::Tensor Mask(const DropoutKeys& dropout, int64_t rows, int64_t n);
Hidden AddNorm(const at::Tensor& x, const at::Tensor& residual, const NormWeights& weights,
               const DropoutKeys& dropout, at::ScalarType compute);
Hidden Dropout(const at::Tensor& x, const DropoutKeys& dropout, at::ScalarType compute);
at::Tensor DropoutSame(const at::Tensor& x, const DropoutKeys& dropout);
at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionRows& rows, int64_t heads, const DropoutKeys& dropout);

}  // namespace eida::engine::nn::plain
