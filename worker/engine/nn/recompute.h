// Gradient checkpointing: a part of a pass whose activations are computed again in the backward
// pass instead of being kept. What is kept is its input.
#pragma once

#include <functional>
#include <vector>

#include "worker/engine/nn/context.h"
#include "worker/engine/nn/functional.h"

namespace eida::engine::nn {

using Part = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>& inputs)>;

// part(inputs), with the gradients that it would have had: the second time dropout draws the same
// masks, so the numbers are the same too. Calls the part plainly unless context.recomputes() and a
// gradient is wanted.
// REQUIRES: `part` is a function of its inputs and of leaves alone (a tensor in between that needs
// a gradient, such as an encoder's output, must be an input), asks `context` for its dropout, and
// all that it captures by reference lives until the backward pass has run.
std::vector<at::Tensor> Recompute(Context& context, const std::vector<at::Tensor>& inputs,
                                  const Part& part);
Hidden Recompute(Context& context, const Hidden& x,
                 const std::function<Hidden(const Hidden&)>& layer);

}  // namespace eida::engine::nn
