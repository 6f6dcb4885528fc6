// Losses along the straight line between two members on one study.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "worker/analysis/curve.h"
#include "worker/engine/study.h"

namespace eida::analysis {

struct PathLosses {
  Curve curve;        // a, b, split and space unset
  at::Tensor losses;  // f32 [K, n], per item
};

// The ends' losses are given (alpha 1 is a, alpha 0 is b) and taken as they are; only the points
// between are evaluated. `level` is that of the intervals. REQUIRES: alphas from AlphaGrid; end_a
// and end_b over study.items(). NonfiniteError names the alpha; Preempted when asked.
Result<PathLosses> MeasurePath(engine::Study& study, const engine::Line& line,
                               const engine::EvalResult& end_a, const engine::EvalResult& end_b,
                               const std::vector<double>& alphas, engine::Events& events,
                               double level = kLevel);

// The rows of `result` for these items, in their order. DataError when one is not there.
Result<engine::EvalResult> SelectItems(const engine::EvalResult& result,
                                       const std::vector<int64_t>& items, const std::string& what);

}  // namespace eida::analysis
