// The cross entropy of a language model, without its logits in memory.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

namespace eida::engine::nn {

// Calls body(first row, logits of the rows from there in fp32 [c, vocabulary]) for a few rows at a
// time. The logits are the body's to change.
void ForLogits(const at::Tensor& states, const at::Tensor& weight, const at::Tensor& bias,
               const std::function<void(int64_t begin, at::Tensor logits)>& body);

// lse(z) - (1 - s) z[label] - s mean(z) of each row's logits z = states weight^T + bias, with label
// smoothing s in [0, 1): transformers' LabelSmoother (SCIENCE section 0, row 7). `states` [L,
// hidden] and `weight` [vocabulary, hidden] in the compute type, `bias` [vocabulary] or undefined,
// `labels` i64 [L]; the result is fp32 [L]. Logits exist for a few rows at a time. Differentiable
// in states, weight and bias; when only the states need a gradient it is made in the forward pass,
// else the logits are made again.
at::Tensor VocabularyLoss(const at::Tensor& states, const at::Tensor& weight,
                          const at::Tensor& bias, const at::Tensor& labels, double smoothing);

// Both losses of each row, plain and smoothed, out of one pass; no gradients.
struct TwoLosses {
  at::Tensor plain, smoothed;  // fp32 [L]
};
TwoLosses PlainAndSmoothed(const at::Tensor& states, const at::Tensor& weight,
                           const at::Tensor& bias, const at::Tensor& labels, double smoothing);

}  // namespace eida::engine::nn
