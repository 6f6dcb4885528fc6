#include "worker/analysis/matrix.h"

#include <algorithm>

namespace eida::analysis {
namespace {

Json ToJson(const Values& values) {
  Json rows = Json::array();
  for (const auto& row : values) {
    Json cells = Json::array();
    for (const auto& value : row) cells.push_back(value ? Json(*value) : Json());
    rows.push_back(std::move(cells));
  }
  return rows;
}

// The field of every member, null where it has none.
Json Column(const Json& members, const char* field) {
  Json column = Json::array();
  for (const Json& member : members)
    column.push_back(member.is_object() ? member.value(field, Json()) : Json());
  return column;
}

// Why the pair has no input; nothing where it has. A member that is missing takes its pairs along.
std::optional<std::string> WhyMissing(const engine::Job& job, int i, int j) {
  const std::string left = std::to_string(i), right = std::to_string(j);
  for (const std::string& role :
       {"pair/" + left + "/" + right, "member/" + left, "member/" + right}) {
    const auto found = job.missing.find(role);
    if (found != job.missing.end()) return found->second;
  }
  return std::nullopt;
}

// Of every pair when none is named. False when all are missing.
bool FindMissing(const engine::Job& job, MatrixRequest& request) {
  std::vector<Pair> all = request.pairs;
  const int size = static_cast<int>(request.members.size());
  for (int i = 0; request.pairs.empty() && i < size; ++i) {
    for (int j = i + 1; j < size; ++j) all.emplace_back(i, j);
  }
  for (const auto& [i, j] : all) {
    if (auto why = WhyMissing(job, i, j)) request.missing[{i, j}] = std::move(*why);
  }
  return request.missing.empty() || request.missing.size() < all.size();
}

}  // namespace

Result<MatrixRequest> ParseMatrixRequest(const engine::Job& job) {
  const std::string what = "job " + job.name + ": spec";
  const auto bad = [&](const std::string& reason) {
    return engine::ConfigError(what + ": " + reason);
  };
  MatrixRequest request;
  const auto metric = Require<std::string>(job.spec, "metric", what);
  if (!metric.ok()) return engine::ConfigError(Message(metric.status()));
  request.metric = *metric;
  request.members = job.spec.value("members", Json());
  if (!request.members.is_array() || request.members.empty())
    return bad("\"members\" must be a list with at least one member");
  const int size = static_cast<int>(request.members.size());
  const Json pairs = job.spec.value("pairs", Json::array());
  if (!pairs.is_array()) return bad("\"pairs\" must be a list of [i, j]");
  for (const Json& pair : pairs) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() ||
        !pair[1].is_number_integer()) {
      return bad("a pair must be [i, j], not " + pair.dump());
    }
    const int i = pair[0], j = pair[1];
    if (i < 0 || j < 0 || i >= size || j >= size) {
      return bad("pair " + pair.dump() + " names a member outside 0.." + std::to_string(size - 1));
    }
    request.pairs.emplace_back(i, j);
  }
  request.detail = job.spec.value("detail", Json::object());
  if (!request.detail.is_object()) return bad("\"detail\" must be an object");
  if (!FindMissing(job, request)) {
    return engine::DataError("job " + job.name + ": every pair is missing; the first one because " +
                             request.missing.begin()->second);
  }
  return request;
}

Values EmptyValues(size_t members) {
  return Values(members, std::vector<std::optional<double>>(members));
}

Json MatrixJson(const MatrixRequest& request, const Matrix& matrix) {
  Json extra = Json::object();
  for (const auto& [name, values] : matrix.extra) extra[name] = ToJson(values);
  Json detail = request.detail;
  detail.update(matrix.detail);
  if (!matrix.layer.empty()) detail["layer"] = matrix.layer;
  Json missing = Json::array();
  for (const auto& [pair, reason] : request.missing)
    missing.push_back({{"i", pair.first}, {"j", pair.second}, {"reason", reason}});
  const auto ends = [](const std::optional<Values>& values) {
    return values ? ToJson(*values) : Json(nullptr);
  };
  return {{"format", "eida/matrix/v1"},
          {"metric", request.metric},
          {"labels", Column(request.members, "label")},
          {"variants", Column(request.members, "variant")},
          {"seeds", Column(request.members, "seed")},
          {"values", ToJson(matrix.values)},
          {"ci_low", ends(matrix.low)},
          {"ci_high", ends(matrix.high)},
          {"missing", std::move(missing)},
          {"extra", std::move(extra)},
          {"detail", std::move(detail)}};
}

Json MatrixSummary(const MatrixRequest& request, const Matrix& matrix) {
  double sum = 0, min = 0, max = 0;
  int64_t count = 0;
  for (size_t i = 0; i < matrix.values.size(); ++i) {
    for (size_t j = i + 1; j < matrix.values.size(); ++j) {
      if (!matrix.values[i][j]) continue;
      const double value = *matrix.values[i][j];
      min = count == 0 ? value : std::min(min, value);
      max = count == 0 ? value : std::max(max, value);
      sum += value;
      ++count;
    }
  }
  const auto number = [&](double value) { return count == 0 ? Json() : Json(value); };
  return {{"metric", request.metric},
          {"members", request.members.size()},
          {"pairs", count},
          {"missing", request.missing.size()},
          {"mean", number(sum / static_cast<double>(std::max<int64_t>(count, 1)))},
          {"min", number(min)},
          {"max", number(max)}};
}

}  // namespace eida::analysis
