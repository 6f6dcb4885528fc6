// Token ids of several items, one after another, without padding: what a model is called with.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace eida::engine {

struct Sequences {
  at::Tensor ids, types, positions;   // i64 [T]
  at::Tensor first;                   // i64 [items]: row of each item's first token
  std::vector<int32_t> starts = {0};  // item i has rows [starts[i], starts[i + 1])
  int64_t longest = 0;
  int64_t items() const { return static_cast<int64_t>(starts.size()) - 1; }
  int64_t tokens() const { return starts.back(); }
};

// The rows that a language model's loss is about, in row order.
struct Targets {
  at::Tensor rows;    // i64 [L]: rows of the sequence that is predicted
  at::Tensor labels;  // i64 [L]: the token that each of them predicts
  at::Tensor item;    // i64 [L]: the item that each belongs to
};

struct Batch : Sequences {
  at::Tensor labels;  // classification: i64 [items]
  Sequences decoder;  // encoder-decoders: what the decoder reads
  Targets targets;    // language models
};

}  // namespace eida::engine
