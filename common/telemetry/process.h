// process_*: what Prometheus' client libraries say about their process (prometheus-cpp says
// nothing). Reads /proc/self.
#pragma once

#include <mutex>

#include "common/telemetry/metric.h"

namespace eida::telemetry {

class ProcessMetrics {
 public:
  explicit ProcessMetrics(Registry& registry);
  // Reads the present values. What cannot be read keeps its last value.
  void Refresh();

 private:
  std::mutex mutex_;
  double cpu_seconds_ = 0;  // guarded by mutex_; what the counter holds
  Gauge start_time_;
  Counter cpu_;
  Gauge resident_;
  Gauge open_fds_;
  Gauge max_fds_;
};

}  // namespace eida::telemetry
