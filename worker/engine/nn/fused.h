// functional.h by the CPU kernels, each with its own backward pass. Masks are drawn again there,
// not kept.
#pragma once

#include "worker/engine/nn/cached.h"
#include "worker/engine/nn/functional.h"

namespace eida::engine::nn::fused {

at::Tensor Gelu(const at::Tensor& x);
Hidden AddNorm(const at::Tensor& x, const at::Tensor& residual, const NormWeights& weights,
               const DropoutKeys& dropout, at::ScalarType compute);
Hidden Dropout(const at::Tensor& x, const DropoutKeys& dropout, at::ScalarType compute);
at::Tensor DropoutSame(const at::Tensor& x, const DropoutKeys& dropout);
at::Tensor Attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const AttentionRows& rows, int64_t heads, const DropoutKeys& dropout);

// cached.h. REQUIRES: HasKernels(q).
at::Tensor CachedAttention(const at::Tensor& q, const KeyValues& kept, const CachedRows& rows,
                           int64_t heads);

}  // namespace eida::engine::nn::fused
