#include "worker/engine/train/schedule.h"

#include <algorithm>
#include <cmath>

namespace eida::engine {

RunLength LengthOf(const TrainSettings& s, int64_t items) {
  RunLength length;
  length.batches_per_epoch = (items + s.batch_size - 1) / s.batch_size;
  length.updates_per_epoch = (length.batches_per_epoch + s.grad_accum - 1) / s.grad_accum;
  length.updates = s.steps.value_or(
      static_cast<int64_t>(std::ceil(s.epochs * static_cast<double>(length.updates_per_epoch))));
  return length;
}

double LearningRate(const TrainSettings& s, int64_t updates, int64_t step) {
  const int64_t warmup = s.schedule.warmup_steps.value_or(
      static_cast<int64_t>(std::ceil(s.schedule.warmup_ratio * static_cast<double>(updates))));
  if (step < warmup)
    return s.lr * static_cast<double>(step) / static_cast<double>(std::max<int64_t>(1, warmup));
  if (!s.schedule.decays) return s.lr;
  return s.lr * std::max(0.0, static_cast<double>(updates - step) /
                                  static_cast<double>(std::max<int64_t>(1, updates - warmup)));
}

bool Due(const Every& every, const RunLength& length, int64_t step) {
  if (every.steps > 0) return step % every.steps == 0;
  return every.epochs > 0 && step % (every.epochs * length.updates_per_epoch) == 0;
}

}  // namespace eida::engine
