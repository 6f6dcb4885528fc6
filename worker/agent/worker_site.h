// `eida-worker run --http`: /metrics, /healthz and a status page of the worker.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/http/server.h"
#include "common/telemetry/worker_metrics.h"
#include "worker/agent/busy_meter.h"
#include "worker/agent/cache.h"

namespace eida::agent {

struct SiteAddress {
  std::optional<rpc::Address> listen;  // absent = no HTTP
  std::string tls_cert, tls_key;       // PEM files; both needed beyond loopback
  std::string token_file;              // asked for beyond loopback
};

// What can be refused before anything is touched: InvalidArgument with the next step.
Status CheckSiteAddress(const SiteAddress& address);

// Serves for the life of the object. It is healthy while the process lives: a coordinator that is
// away is no reason to restart a worker, which would cost the jobs that it works on.
class WorkerSite {
 public:
  // All outlive the object.
  static Result<std::unique_ptr<WorkerSite>> Start(const SiteAddress& address,
                                                   telemetry::WorkerMetrics& metrics,
                                                   const BusyMeter& busy, const Cache& cache);
  rpc::Address address() const { return server_->address(); }

 private:
  WorkerSite(const SiteAddress& address, const std::string& token,
             telemetry::WorkerMetrics& metrics, const BusyMeter& busy, const Cache& cache);
  std::string MetricsText();

  telemetry::WorkerMetrics& metrics_;
  const BusyMeter& busy_;
  const Cache& cache_;
  std::map<BusyMeter::Key, double> shown_;  // of the server's thread alone
  http::Site site_;
  std::unique_ptr<http::Server> server_;  // last: its thread uses the others
};

}  // namespace eida::agent
