// Token ids of several items, one after another, without padding: what a model is called with.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace eida::engine {

struct Batch {
  at::Tensor ids, types, positions;   // i64 [T]
  at::Tensor labels;                  // i64 [items]
  at::Tensor first;                   // i64 [items]: row of each item's first token
  std::vector<int32_t> starts = {0};  // item i has rows [starts[i], starts[i + 1])
  int64_t longest = 0;
  int64_t items() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t tokens() const { return starts.back(); }
};

}  // namespace eida::engine
