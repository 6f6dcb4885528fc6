#include "client/report/heat.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/text.h"

namespace eida::report {
namespace {

int64_t PairsWithout(const Picture& picture, bool value) {
  const auto* map = std::get_if<render::HeatMap>(&picture);
  int64_t count = 0;
  for (size_t i = 0; map != nullptr && i < map->values.size(); ++i) {
    for (size_t j = i + 1; j < map->values.size(); ++j)
      count += std::isfinite(map->values[i][j]) == value ? 1 : 0;
  }
  return count;
}

}  // namespace

std::string MetricTitle(const std::string& metric) {
  if (metric == "cka") return "Linear CKA";
  if (metric == "convexity_gap") return "Convexity gap";
  if (metric == "barrier") return "Loss barrier";
  if (metric == "error_barrier") return "Error barrier";
  return metric;
}

std::string ValueLabel(const Pairs& pairs) {
  if (pairs.metric == "cka")
    return "linear CKA" + (pairs.estimator.empty() ? "" : " (" + pairs.estimator + ")");
  if (pairs.metric == "error_barrier") return "error rate";
  return Join(Split(pairs.metric, '_'), " ") + " (nats)";
}

render::HeatMap HeatOf(const Pairs& pairs, const Panel& panel) {
  render::HeatMap map;
  map.title = panel.title;
  map.subtitle = panel.subtitle;
  map.value_label = ValueLabel(pairs);
  map.groups = panel.groups;
  map.labels = panel.labels;
  map.label_name = panel.label_name;
  std::vector<size_t> at;
  for (const size_t model : panel.models) {
    const auto found = std::find(pairs.members.begin(), pairs.members.end(), model);
    at.push_back(static_cast<size_t>(found - pairs.members.begin()));
  }
  for (const size_t i : at) {
    std::vector<double> row;
    for (const size_t j : at)
      row.push_back(i < pairs.values.size() && j < pairs.values[i].size()
                        ? pairs.values[i][j]
                        : std::numeric_limits<double>::quiet_NaN());
    map.values.push_back(std::move(row));
  }
  map.scale = render::ScaleFor(pairs.metric, map.values);
  return map;
}

Panel WholePanel(const Pairs& pairs, const Study& study) {
  Panel panel{MetricTitle(pairs.metric) + " between runs", "analysis " + pairs.analysis};
  panel.models = pairs.members;
  panel.label_name = "seed";
  for (const size_t m : pairs.members) {
    panel.groups.push_back(study.models[m].variant);
    panel.labels.push_back(std::to_string(study.models[m].seed));
  }
  return panel;
}

void ShareScale(const std::string& metric, std::vector<Picture>& panels) {
  std::vector<std::vector<double>> all;
  for (const Picture& panel : panels) {
    const auto& values = std::get<render::HeatMap>(panel).values;
    all.insert(all.end(), values.begin(), values.end());
  }
  const render::ColorScale scale = render::ScaleFor(metric, all);
  for (Picture& panel : panels) std::get<render::HeatMap>(panel).scale = scale;
}

int64_t MissingPairs(const std::vector<Picture>& panels) {
  int64_t missing = 0;
  for (const Picture& panel : panels) missing += PairsWithout(panel, false);
  return missing;
}

std::string MissingNote(const std::vector<Picture>& panels) {
  const int64_t missing = MissingPairs(panels);
  if (missing == 0) return "";
  int64_t all = missing;
  for (const Picture& panel : panels) all += PairsWithout(panel, true);
  return std::to_string(missing) + " of " + std::to_string(all) +
         " pairs are missing; they are hatched.";
}

}  // namespace eida::report
