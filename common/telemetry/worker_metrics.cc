#include "common/telemetry/worker_metrics.h"

namespace eida::telemetry {

WorkerMetrics::WorkerMetrics(const std::string& worker, const std::string& gpu_model)
    : slot_busy_seconds(registry.NewCounter("eida_worker_slot_busy_seconds_total",
                                            "Time that runners worked, over all slots.",
                                            {"gpu", "kind"})),
      rpc_reconnects(
          registry.NewCounter("eida_worker_rpc_reconnects_total",
                              "Times that the coordinator answered again after it had not.")),
      lease_renewal_failures(
          registry.NewCounter("eida_worker_lease_renewal_failures_total",
                              "Syncs that failed while the worker held leases.")),
      transfer_bytes(registry.NewCounter("eida_worker_transfer_bytes_total",
                                         "Content moved to and from the coordinator.",
                                         {"direction", "class"})),
      cache_bytes(registry.NewGauge("eida_worker_cache_bytes", "Content in the worker's cache.",
                                    {"class"})),
      process_(registry) {
  registry
      .NewGauge("eida_build_info", "Always 1; the labels say what runs.", {"component", "version"})
      .Set({"worker", EIDA_VERSION}, 1);
  registry
      .NewGauge("eida_worker_info", "Always 1; the labels say which worker this is.",
                {"worker", "gpu_model"})
      .Set({worker, gpu_model}, 1);
  for (const char* direction : {"download", "upload"}) {
    for (const char* size : {"inline", "file"}) transfer_bytes.Add({direction, size}, 0);
  }
}

std::string WorkerMetrics::Text() {
  process_.Refresh();
  return registry.Text();
}

}  // namespace eida::telemetry
