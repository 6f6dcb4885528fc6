// The ports with a meter in between.
#pragma once

#include <atomic>

#include "common/telemetry/worker_metrics.h"
#include "worker/agent/ports.h"

namespace eida::agent {

// Thread-safe; hands every call on. All that it is given outlives it.
class MeasuredPorts : public CoordinatorPort, public ArtifactPort {
 public:
  MeasuredPorts(CoordinatorPort& coordinator, ArtifactPort& artifacts,
                const telemetry::WorkerMetrics& metrics)
      : coordinator_(coordinator), artifacts_(artifacts), metrics_(metrics) {}

  Result<SyncReply> Sync(const SyncRequest& request, std::stop_token stop) override;
  Result<std::vector<ReportVerdict>> Report(const WorkerId& worker, const std::string& session,
                                            const std::vector<JobReport>& reports,
                                            std::stop_token stop) override;
  Status Leave(const WorkerId& worker, const std::string& session) override;
  Result<bool> Has(const Digest& digest, std::stop_token stop) override;
  Status Put(const Digest& digest, const std::string& path, std::stop_token stop) override;
  Status Get(const Digest& digest, const std::string& path, std::stop_token stop) override;

 private:
  void CountTransfer(const char* direction, const std::string& path);

  CoordinatorPort& coordinator_;
  ArtifactPort& artifacts_;
  const telemetry::WorkerMetrics& metrics_;
  std::atomic<bool> away_{false};
};

}  // namespace eida::agent
