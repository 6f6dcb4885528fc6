#include "common/telemetry/coordinator_metrics.h"

#include "common/domain/enums.h"

namespace eida::telemetry {
namespace {

const std::vector<double> kWait = {0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400};
const std::vector<double> kRun = {1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 43200, 86400};
const std::vector<double> kPass = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1};
const std::vector<double> kIo = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                 0.1,    0.25,  0.5,    1,     5,    30};
const Labels kRpc = {"grpc_type", "grpc_service", "grpc_method"};

}  // namespace

CoordinatorMetrics::CoordinatorMetrics()
    : jobs(registry.NewGauge("eida_jobs", "Jobs that have not ended, by kind and state.",
                             {"kind", "state"})),
      jobs_submitted(
          registry.NewCounter("eida_jobs_submitted_total", "Jobs that became known.", {"kind"})),
      jobs_reused(registry.NewCounter("eida_jobs_reused_total",
                                      "Jobs that took over the result of a finished twin.",
                                      {"kind"})),
      jobs_finished(registry.NewCounter("eida_jobs_finished_total", "Jobs that ended, by outcome.",
                                        {"kind", "outcome"})),
      job_retries(registry.NewCounter("eida_job_retries_total",
                                      "Attempts that failed and are tried again.",
                                      {"kind", "reason"})),
      queue_wait(registry.NewHistogram("eida_job_queue_wait_seconds", "From ready to leased.",
                                       kWait, {"kind"})),
      run_duration(registry.NewHistogram("eida_job_run_duration_seconds",
                                         "Run time of the last attempt.", kRun,
                                         {"kind", "outcome"})),
      oldest_ready(registry.NewGauge(
          "eida_queue_oldest_ready_timestamp_seconds",
          "When the longest waiting ready job became ready, 0 if none waits.", {"kind"})),
      sweeps(registry.NewGauge("eida_sweeps", "Sweeps by state.", {"state"})),
      sweep_jobs(registry.NewGauge("eida_sweep_jobs",
                                   "Jobs of running sweeps, by state (--metrics-per-sweep).",
                                   {"sweep", "state"})),
      scheduler_pass(registry.NewHistogram("eida_scheduler_pass_duration_seconds",
                                           "One batch of scheduler events, without its commit.",
                                           kPass)),
      scheduler_last_pass(registry.NewGauge("eida_scheduler_last_pass_timestamp_seconds",
                                            "When the scheduler last ran.")),
      leases(registry.NewGauge("eida_leases", "Leases that workers hold now.")),
      lease_expirations(
          registry.NewCounter("eida_lease_expirations_total", "Leases that ran out.", {"kind"})),
      stale_results(registry.NewCounter(
          "eida_stale_results_total", "Reports of older attempts, which were refused.", {"kind"})),
      workers(registry.NewGauge("eida_workers", "Workers by state.", {"state"})),
      worker_slots(registry.NewGauge("eida_worker_slots", "Slots of present workers.", {"state"})),
      worker_last_heartbeat(registry.NewGauge("eida_worker_last_heartbeat_timestamp_seconds",
                                              "When the worker was last heard of.", {"worker"})),
      watch_streams(registry.NewGauge("eida_watch_streams", "Clients that watch a sweep now.")),
      log_received_bytes(registry.NewCounter("eida_log_received_bytes_total",
                                             "Log text received from runners.", {"kind"})),
      metric_points(
          registry.NewCounter("eida_metric_points_total", "Metric points received from runners.")),
      auth_failures(registry.NewCounter("eida_auth_failures_total",
                                        "Calls refused for their token or role.",
                                        {"surface", "reason"})),
      tls_not_after(registry.NewGauge("eida_tls_certificate_not_after_timestamp_seconds",
                                      "When the certificate in use ends to be valid.", {"role"})),
      db_transaction(registry.NewHistogram("eida_db_transaction_duration_seconds",
                                           "Database transactions, commit included.", kIo, {"op"})),
      db_busy(registry.NewCounter("eida_db_busy_total",
                                  "Transactions that found the database locked.")),
      db_size(registry.NewGauge("eida_db_size_bytes", "Size of the database files.", {"file"})),
      db_schema_version(
          registry.NewGauge("eida_db_schema_version", "Version of the database schema.")),
      store_bytes(
          registry.NewGauge("eida_store_bytes", "Content in the artifact store.", {"class"})),
      store_objects(
          registry.NewGauge("eida_store_objects", "Objects in the artifact store.", {"class"})),
      store_free_bytes(
          registry.NewGauge("eida_store_free_bytes", "Free space under the data directory.")),
      store_capacity_bytes(registry.NewGauge("eida_store_capacity_bytes",
                                             "Size of the file system of the data directory.")),
      store_io(registry.NewHistogram("eida_store_io_duration_seconds",
                                     "Reading or writing one whole object.", kIo, {"op", "class"})),
      store_digest_failures(registry.NewCounter("eida_store_digest_failures_total",
                                                "Stored content that was not what its name says.",
                                                {"class"})),
      grpc_started(registry.NewCounter("grpc_server_started_total", "RPCs started.", kRpc)),
      grpc_handled(registry.NewCounter("grpc_server_handled_total",
                                       "RPCs completed, whatever their status.",
                                       {"grpc_type", "grpc_service", "grpc_method", "grpc_code"})),
      grpc_handling(registry.NewHistogram("grpc_server_handling_seconds",
                                          "Time from the start to the end of an RPC.", kIo, kRpc)),
      process_(registry) {
  registry
      .NewGauge("eida_build_info", "Always 1; the labels say what runs.", {"component", "version"})
      .Set({"coordinator", EIDA_VERSION}, 1);
  // Series that exist from the start: a rate over one that appears with its first event would miss
  // it.
  for (const JobKind kind : AllValues<JobKind>()) {
    const std::string k = ToString(kind);
    jobs_submitted.Add({k}, 0);
    lease_expirations.Add({k}, 0);
    stale_results.Add({k}, 0);
    oldest_ready.Set({k}, 0);
    for (const char* outcome : {"succeeded", "failed", "cancelled", "skipped"})
      jobs_finished.Add({k, outcome}, 0);
  }
  for (const char* reason : {"missing", "wrong"}) {
    auth_failures.Add({"grpc", reason}, 0);
    auth_failures.Add({"http", reason}, 0);
  }
  for (const char* where : {"inline", "file"}) store_digest_failures.Add({where}, 0);
}

std::string CoordinatorMetrics::Text() {
  process_.Refresh();
  return registry.Text();
}

}  // namespace eida::telemetry
