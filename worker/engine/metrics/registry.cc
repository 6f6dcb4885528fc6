#include "common/catalog/catalog.h"
#include "worker/engine/metrics/metric.h"

namespace eida::engine {

#define EIDA_METRIC(id, needs, direction, heading, help) double Metric_##id(const Measured&);
#include "common/catalog/metrics.def"
#undef EIDA_METRIC

namespace {

struct MetricEntry {
  const char* id;
  double (*of)(const Measured&);
};
constexpr MetricEntry kItemMetrics[] = {
#define EIDA_METRIC(id, needs, direction, heading, help) {#id, Metric_##id},
#include "common/catalog/metrics.def"
#undef EIDA_METRIC
};

}  // namespace

std::map<std::string, double> MetricsOf(const Measured& results) {
  std::map<std::string, double> values;
  if (results.size() == 0) return values;
  for (const MetricEntry& entry : kItemMetrics) {
    const catalog::Metric& metric = *catalog::Find(catalog::Metrics(), entry.id);
    if (metric.of_labels && results.label.empty()) continue;
    if (metric.of_smoothing && results.loss_smoothed.empty()) continue;
    values[entry.id] = entry.of(results);
  }
  return values;
}

double MeanOverLabels(const std::vector<double>& losses, const std::vector<double>& counts) {
  double sum = 0, weight = 0;
  for (size_t i = 0; i < losses.size(); ++i) {
    sum += counts[i] * losses[i];
    weight += counts[i];
  }
  return sum / weight;
}

}  // namespace eida::engine
