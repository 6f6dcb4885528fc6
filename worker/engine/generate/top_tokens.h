// The most probable tokens of rows of logits.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "worker/engine/generate/search.h"

namespace eida::engine {

// For each row of `logits` (fp32 [rows, vocabulary], changed): its `wanted` largest, or all, with
// log probabilities, largest first, of equal ones the lower token. Tokens of `banned` have
// -infinity; they stay in the sum under the others. Nothing when a logit is not finite.
std::vector<std::vector<ScoredToken>> TopTokens(const at::Tensor& logits,
                                                const std::vector<std::vector<int64_t>>& banned,
                                                int64_t wanted);

}  // namespace eida::engine
