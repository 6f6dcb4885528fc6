// Which items make up each micro-batch of an epoch: a function of seed and epoch alone.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/tasks/task.h"

namespace eida::engine {

// A shuffle of all items by Rng(seed, "order/<epoch>"), cut into batches of `batch_size` (the last
// may be short). Bucketed: within each window of kBucketBatches batches of that order the items are
// sorted by length first, then the batches are shuffled by the same generator, the short one
// staying last.
inline constexpr int64_t kBucketBatches = 8;
std::vector<std::vector<int64_t>> EpochBatches(const Examples& examples, uint64_t seed,
                                               int64_t epoch, int64_t batch_size, bool bucketed);

}  // namespace eida::engine
