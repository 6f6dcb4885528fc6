// Attention of one new query a row over keys and values that are kept: those of a prompt, which all
// rows of an item share, and those of the tokens since, one slab of all rows a step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace eida::engine {

// What one attention module keeps, in the compute type.
struct KeyValues {
  at::Tensor prompt_keys, prompt_values;  // [tokens of all prompts, hidden]
  std::vector<at::Tensor> keys, values;   // of each step, [rows of that step's slab, hidden]
};

// Which of them each row sees.
struct CachedRows {
  std::vector<int32_t> first, last;  // row r sees rows [first[r], last[r]) of the prompts
  std::vector<int32_t> path;         // [rows, steps]: the row of each step's slab that row r sees
  int64_t steps = 0;
  int64_t rows() const { return static_cast<int64_t>(first.size()); }
  int32_t longest() const;  // keys that a row sees, at most
};

namespace nn {

// softmax(q k^T / sqrt(dim)) v of each row of q [rows, hidden] and head. No gradient.
at::Tensor CachedAttention(const at::Tensor& q, const KeyValues& kept, const CachedRows& rows,
                           int64_t heads);

}  // namespace nn
}  // namespace eida::engine
