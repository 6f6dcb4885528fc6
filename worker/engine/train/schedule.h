// How long a run is, and its learning rate. Pure.
#pragma once

#include <cstdint>

#include "worker/engine/train/settings.h"

namespace eida::engine {

// Updates and micro-batches, counted as transformers' Trainer does: the last batch of an epoch may
// be short, and so may the last update.
struct RunLength {
  int64_t batches_per_epoch = 0;  // micro-batches
  int64_t updates_per_epoch = 0;
  int64_t updates = 0;
};
RunLength LengthOf(const TrainSettings& settings, int64_t items);

// Of update `step` (from 0): linear warm-up from 0, then linear decay to 0 at `updates`, or
// constant.
double LearningRate(const TrainSettings& settings, int64_t updates, int64_t step);

// Is something due after update `step` (from 1)? Epochs end at multiples of updates_per_epoch.
bool Due(const Every& every, const RunLength& length, int64_t step);

}  // namespace eida::engine
