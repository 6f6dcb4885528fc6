// Which items make up each micro-batch of an epoch: a function of seed and epoch alone.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/tasks/task.h"

namespace eida::engine {

// Which items meet in a batch. No batch is ever padded; the names say whose order it is.
enum class Batching {
  kPadded,    // plain shuffled order, counted as a padding trainer would (longest x items)
  kBucketed,  // items of like length meet
  kPacked,    // plain shuffled order, tokens counted as they are
};

struct OrderSettings {
  uint64_t seed = 0;
  int64_t batch_size = 32;   // items of a batch, unless
  int64_t batch_tokens = 0;  // > 0: as many items as this many tokens hold
  Batching batching = Batching::kBucketed;
};

// A shuffle of all items by Rng(seed, "order/<epoch>"), cut into batches.
// By items: `batch_size` each, the last may be short. By tokens: a batch takes items until the next
// one would carry it over `batch_tokens`; an item that is longer than the budget is alone in its
// batch.
// Bucketed: within each window (kBucketBatches batches' worth of items or tokens) of that order the
// items are sorted by length before they are cut, then the batches are shuffled by the same
// generator, the last (what was left over) staying last; by items it stays only when it is short.
inline constexpr int64_t kBucketBatches = 8;
std::vector<std::vector<int64_t>> EpochBatches(const Examples& examples,
                                               const OrderSettings& settings, int64_t epoch);

// The items of a batch that rank `rank` of `size` passes over: a run of them, cut so that all ranks
// have about as many tokens. Every item is one rank's; a rank may have none.
std::vector<int64_t> PartOfBatch(const Examples& examples, const std::vector<int64_t>& batch,
                                 int rank, int size);

}  // namespace eida::engine
