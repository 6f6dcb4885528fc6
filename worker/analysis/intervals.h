// How sure the numbers of a path are: intervals from the items' own losses.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "common/base/json.h"
#include "worker/analysis/gap.h"

namespace eida::analysis {

struct Interval {
  double low = 0, high = 0;
};

// What was drawn, and what came of it.
struct Intervals {
  double level = 0;   // share of the resampled numbers that lies inside
  int64_t draws = 0;  // how many resamples
  Interval convexity_gap, barrier, relative_gap;
  std::optional<Interval> error_barrier;
};

// Per item, at every alpha: [K, n] on the CPU.
struct ItemLosses {
  at::Tensor loss;   // f32
  at::Tensor wrong;  // f32, 1 where the guess is not the label; undefined of a language model
  at::Tensor count;  // f32 [n], how many labels each loss is the mean of; undefined = 1 each
};

inline constexpr int64_t kDraws = 1000;
inline constexpr double kLevel = 0.95;

// Percentile intervals of the paired bootstrap: items are drawn with replacement, the same ones at
// every alpha, and gap and barriers measured anew. The gap is a largest of largest differences,
// clipped at 0: no sum of items, so a normal approximation has no variance to start from;
// resampling asks nothing of the form and keeps what the points share. As the maximum over noise is
// above the noise of the maximum, an interval lies high where the true gap is near 0. The draws
// depend on n alone, so that intervals of pairs on the same items belong together, and repeat.
// REQUIRES: losses at alphas as MeasureGap; 0 < level < 1.
Intervals Bootstrap(const ItemLosses& items, const std::vector<double>& alphas,
                    double level = kLevel, int64_t draws = kDraws);

Json ToJson(const Intervals& intervals);
// Nothing where the JSON is none.
std::optional<Intervals> IntervalsOf(const Json& json);

}  // namespace eida::analysis
