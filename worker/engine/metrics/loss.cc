#include "worker/engine/metrics/metric.h"

namespace eida::engine {

double Metric_loss(const Measured& results) { return MeanOverLabels(results.loss, results.count); }

}  // namespace eida::engine
