#include "worker/engine/train/schedule.h"

#include <algorithm>
#include <cmath>

namespace eida::engine {

int64_t WarmupSteps(const ScheduleSettings& s, int64_t updates) {
  return s.warmup_steps.value_or(
      static_cast<int64_t>(std::ceil(s.warmup_ratio * static_cast<double>(updates))));
}

double LearningRate(const ScheduleSettings& s, double lr, int64_t updates, int64_t step) {
  const int64_t warmup = WarmupSteps(s, updates);
  if (step < warmup)
    return lr * static_cast<double>(step) / static_cast<double>(std::max<int64_t>(1, warmup));
  const auto rest = static_cast<double>(std::max<int64_t>(1, updates - warmup));
  const double progress = static_cast<double>(step - warmup) / rest;
  switch (s.name) {
    case ScheduleName::kConstant:
      return lr;
    case ScheduleName::kLinear:
      return lr * std::max(0.0, static_cast<double>(updates - step) / rest);
    case ScheduleName::kCosine:
      return lr * std::max(0.0, 0.5 * (1.0 + std::cos(M_PI * s.cycles * 2.0 * progress)));
    case ScheduleName::kPolynomial:
      if (step > updates) return s.lr_end;
      return (lr - s.lr_end) * std::pow(1.0 - progress, s.power) + s.lr_end;
  }
  return lr;
}

}  // namespace eida::engine
