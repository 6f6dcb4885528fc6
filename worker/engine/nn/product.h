// Matrix products in the compute type, whatever the machine is good at.
#pragma once

#include <ATen/core/Tensor.h>

namespace eida::engine::nn {

// x W^T + b (b may be undefined), all of one type; differentiable. On a CPU without bf16 products
// (no AMX, no AVX512_BF16) bf16 operands are widened, multiplied in fp32 and rounded once:
// libtorch's own bf16 product is ten times slower than its fp32 one there. fp16 operands on a CPU
// always are.
at::Tensor Linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// base + scale * x W^T, under the same rule.
at::Tensor AddLinear(const at::Tensor& base, const at::Tensor& x, const at::Tensor& weight,
                     double scale);
// The same in the memory of `base`, for no autograd.
void AddLinearTo(at::Tensor& base, const at::Tensor& x, const at::Tensor& weight, double scale);

// scale * left right, under the same rule: what a gradient is made of.
at::Tensor Product(const at::Tensor& left, const at::Tensor& right, double scale = 1);

// Whether bf16 products of CPU tensors are widened on this machine.
bool WidensBf16();

}  // namespace eida::engine::nn
