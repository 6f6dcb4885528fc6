// A square of numbers between members, and the artifact that it becomes (docs/formats.md,
// `matrix`).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/engine/job.h"

namespace eida::analysis {

// values[i][j]; nothing where there is no such pair.
using Values = std::vector<std::vector<std::optional<double>>>;

using Pair = std::pair<int, int>;

// What a `matrix` job was asked for.
struct MatrixRequest {
  std::string metric;
  Json members = Json::array();  // {label, variant, seed} each
  std::vector<Pair> pairs;
  Json detail = Json::object();
  std::map<Pair, std::string> missing;  // pairs that were asked for and have no input, and why

  bool Misses(int i, int j) const { return missing.count({i, j}) > 0; }
};
// DataError when every pair is missing.
Result<MatrixRequest> ParseMatrixRequest(const engine::Job& job);

// One matrix of the answer. A measure may make several (CKA: one a layer).
struct Matrix {
  std::string layer;  // "" = the measure has no layers
  Values values;
  std::optional<Values> low, high;      // ends of the interval of each value
  std::map<std::string, Values> extra;  // the same pairs by other estimators or measures
  Json detail = Json::object();         // what the numbers rest on: n, split, item_hash, ...
};

// An m x m square without values.
Values EmptyValues(size_t members);
Json MatrixJson(const MatrixRequest& request, const Matrix& matrix);
// {"metric", "members", "pairs", "missing", "mean", "min", "max"} over the pairs i < j that have a
// value (null when none has).
Json MatrixSummary(const MatrixRequest& request, const Matrix& matrix);

}  // namespace eida::analysis
