#include "worker/analysis/curve.h"

#include "worker/engine/job.h"

namespace eida::analysis {

Result<std::vector<double>> AlphaGrid(const Json& alphas) {
  std::vector<double> grid;
  if (alphas.is_number_integer()) {
    const int64_t points = alphas;
    if (points < 2 || points > 10'001)
      return engine::ConfigError("alphas: " + alphas.dump() + " points; it takes 2 to 10001");
    for (int64_t k = 0; k < points; ++k)
      grid.push_back(static_cast<double>(k) / static_cast<double>(points - 1));
    return grid;
  }
  if (!alphas.is_array())
    return engine::ConfigError("alphas: neither a number of points nor a list: " + alphas.dump());
  for (const Json& alpha : alphas) {
    if (!alpha.is_number())
      return engine::ConfigError("alphas: " + alpha.dump() + " is not a number");
    grid.push_back(alpha);
  }
  bool increasing = grid.size() >= 2 && grid.front() == 0 && grid.back() == 1;
  for (size_t k = 1; k < grid.size(); ++k) increasing = increasing && grid[k - 1] < grid[k];
  if (!increasing)
    return engine::ConfigError("alphas: the list must increase from 0 to 1: " + alphas.dump());
  return grid;
}

Json NumberOrNull(const std::optional<double>& number) { return number ? Json(*number) : Json(); }

Json CurveJson(const Curve& curve) {
  return {{"format", "eida/curve/v1"},
          {"a", curve.a},
          {"b", curve.b},
          {"alphas", curve.alphas},
          {"loss", curve.loss},
          {"accuracy", curve.accuracy},
          {"envelope", curve.gap.envelope},
          {"convexity_gap", curve.gap.convexity_gap},
          {"barrier", curve.gap.barrier},
          {"error_barrier", NumberOrNull(curve.gap.error_barrier)},
          {"relative_gap", curve.gap.relative_gap},
          {"intervals", curve.intervals ? ToJson(*curve.intervals) : Json(nullptr)},
          {"space", curve.space},
          {"n", curve.n},
          {"split", curve.split},
          {"item_hash", curve.item_hash}};
}

Result<Curve> ReadCurve(const std::string& path) {
  const auto json = ReadJsonFile(path);
  if (!json.ok()) return engine::DataError(Message(json.status()));
  if (!json->is_object() || GetOr<std::string>(*json, "format", "") != "eida/curve/v1") {
    return engine::DataError(path + ": not an eida/curve/v1 file");
  }
  try {
    Curve curve;
    curve.a = json->value("a", Json());
    curve.b = json->value("b", Json());
    curve.alphas = json->at("alphas").get<std::vector<double>>();
    curve.loss = json->at("loss").get<std::vector<double>>();
    curve.accuracy = json->at("accuracy").get<std::vector<double>>();
    curve.gap = {json->at("envelope").get<std::vector<double>>(), json->at("convexity_gap"),
                 json->at("barrier"), std::nullopt, json->at("relative_gap")};
    if (const Json& error = json->at("error_barrier"); !error.is_null())
      curve.gap.error_barrier = error.get<double>();
    curve.intervals = IntervalsOf(json->value("intervals", Json()));
    curve.space = json->value("space", "merged");
    curve.n = json->at("n");
    curve.split = json->at("split");
    curve.item_hash = json->at("item_hash");
    return curve;
  } catch (const Json::exception& error) {
    return engine::DataError(path + ": a curve with a missing or wrong field (" + error.what() +
                             ")");
  }
}

}  // namespace eida::analysis
