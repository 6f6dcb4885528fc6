// The way of a run through its epochs: which micro-batches make up each update. Counted as
// transformers' Trainer does: the last batch of an epoch may be short, and so may its last update.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "worker/engine/train/order.h"
#include "worker/engine/train/settings.h"

namespace eida::engine {

// With batches of so many items all epochs are alike; with a token budget each has a number of
// batches of its own, counted when the run comes to it (and once ahead when the run's length is
// given in epochs). Not thread-safe.
class Course {
 public:
  struct Epoch {
    int64_t index = 0;
    int64_t begin = 0, end = 0;  // its updates [begin, end), as if the run took it whole
  };

  // REQUIRES: `examples` is not empty and outlives the course.
  Course(const TrainSettings& settings, const Examples& examples);

  int64_t updates() const { return updates_; }  // of the whole run
  // The epoch of update `step` (from 0). Steps only go on: never before the epoch of an earlier
  // call.
  const Epoch& At(int64_t step);
  const Epoch& epoch() const { return epoch_; }  // of the last call
  // Goes on in an epoch that a checkpoint kept.
  void Resume(const Epoch& epoch) { epoch_ = epoch; }
  // The positions of the items of update `step`, micro-batch by micro-batch.
  std::vector<std::vector<int64_t>> MicroBatches(int64_t step);

  // What one schedule covers, as [begin, end): the run, or with schedule.restart the epoch of
  // `step`, as far as the run takes it.
  Epoch Cycle(int64_t step);
  // Is something due after update `step` (from 1)?
  bool Due(const Every& every, int64_t step);
  // Epochs done after `step` updates, with the part of the one that was begun.
  double EpochsAfter(int64_t step) const;

 private:
  int64_t UpdatesOf(int64_t batches) const {
    return (batches + settings_.grad_accum - 1) / settings_.grad_accum;
  }
  int64_t UpdatesOfEpoch(int64_t index);
  const std::vector<std::vector<int64_t>>& Batches(int64_t index);

  TrainSettings settings_;
  const Examples* examples_;
  int64_t updates_ = 0;
  Epoch epoch_;
  int64_t held_ = -1;  // the epoch of `batches_`
  std::vector<std::vector<int64_t>> batches_;
};

}  // namespace eida::engine
