// Losses along the straight line between two models, and the artifact `curve` (docs/formats.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/analysis/gap.h"
#include "worker/analysis/intervals.h"

namespace eida::analysis {

// alpha = 1 is model a, alpha = 0 is model b; alphas increase.
struct Curve {
  Json a, b;                                   // who they are, as the job's spec says
  std::vector<double> alphas, loss, accuracy;  // accuracy: empty of a language model
  Gap gap;
  std::optional<Intervals> intervals;
  int64_t n = 0;
  std::string split, item_hash, space = "merged";
};

// The grid that a spec's "alphas" asks for: a number of points, evenly from 0 to 1, or the list
// itself, from 0 to 1. ConfigError says what is wrong with it.
Result<std::vector<double>> AlphaGrid(const Json& alphas);

Json NumberOrNull(const std::optional<double>& number);
Json CurveJson(const Curve& curve);
// DataError naming the file when it is no curve.
Result<Curve> ReadCurve(const std::string& path);

}  // namespace eida::analysis
