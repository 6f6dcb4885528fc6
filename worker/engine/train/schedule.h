// The learning rate, and when something is due. Pure.
#pragma once

#include <cstdint>

#include "worker/engine/train/settings.h"

namespace eida::engine {

// Of update `step` (from 0) of a cycle of `updates`, by the formulas of transformers'
// get_scheduler: a linear warm-up from 0, then
//   linear      to 0 at `updates`;
//   polynomial  (lr - lr_end) * (what remains) ^ power + lr_end;
//   cosine      lr / 2 * (1 + cos(2 pi cycles * progress)), not below 0;
//   constant    lr.
double LearningRate(const ScheduleSettings& schedule, double lr, int64_t updates, int64_t step);

// Steps of the warm-up: warmup_steps, or the ratio's share of `updates` rounded up.
int64_t WarmupSteps(const ScheduleSettings& schedule, int64_t updates);

}  // namespace eida::engine
