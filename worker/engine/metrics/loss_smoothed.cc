#include "worker/engine/metrics/metric.h"

namespace eida::engine {

double Metric_loss_smoothed(const Measured& results) {
  return MeanOverLabels(results.loss_smoothed, results.count);
}

}  // namespace eida::engine
