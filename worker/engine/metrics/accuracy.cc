#include "worker/engine/metrics/metric.h"

namespace eida::engine {

double Metric_accuracy(const Measured& results) {
  int64_t right = 0;
  for (size_t i = 0; i < results.size(); ++i) right += results.label[i] == results.guess[i];
  return static_cast<double>(right) / static_cast<double>(results.size());
}

}  // namespace eida::engine
