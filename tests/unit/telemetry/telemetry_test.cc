#include <cstdio>
#include <cstdlib>
#include <thread>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "common/telemetry/coordinator_metrics.h"
#include "common/telemetry/worker_metrics.h"
#include "gmock/gmock.h"

namespace eida::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

// The value of one series, or -1.
double ValueOf(const std::string& text, const std::string& series) {
  const size_t at = ("\n" + text).find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 1));
}

std::string Promtool() {
  const std::string own = std::string(EIDA_SOURCE_DIR) + "/.deps/tools/promtool";
  return FileExists(own) ? own : "promtool";
}

void Exercise(CoordinatorMetrics& m) {
  m.jobs.Set({"train", "ready"}, 2);
  m.jobs_reused.Add({"train"});
  m.job_retries.Add({"train", "oom"});
  m.queue_wait.Observe({"train"}, 0.3);
  m.run_duration.Observe({"train", "succeeded"}, 30);
  m.sweeps.Set({"running"}, 1);
  m.sweep_jobs.Set({"s1", "ready"}, 2);
  m.tls_not_after.Set({"server"}, 1.9e9);
  m.scheduler_pass.Observe(0.001);
  m.workers.Set({"idle"}, 1);
  m.worker_slots.Set({"free"}, 1);
  m.worker_last_heartbeat.Set({"w1"}, 1.7e9);
  m.log_received_bytes.Add({"train"}, 100);
  m.db_transaction.Observe({"write"}, 0.002);
  m.db_size.Set({"main"}, 4096);
  m.store_bytes.Set({"file"}, 1);
  m.store_objects.Set({"file"}, 1);
  m.store_io.Observe({"put", "file"}, 0.1);
  m.grpc_started.Add({"unary", "eida.v1.SweepService", "Status"});
  m.grpc_handled.Add({"unary", "eida.v1.SweepService", "Status", "OK"});
  m.grpc_handling.Observe({"unary", "eida.v1.SweepService", "Status"}, 0.1);
}

// What promtool finds wrong with the text.
std::string Complaints(const std::string& text) {
  TempDir dir;
  const std::string file = dir.path() + "/metrics";
  if (!WriteFileAtomic(file, text).ok()) return "cannot write " + file;
  const std::string command =
      Promtool() + " check metrics < " + file + " > " + dir.path() + "/out 2>&1";
  const int exit = std::system(command.c_str());
  const std::string out = ReadFile(dir.path() + "/out").value_or("");
  return exit == 0 ? out : out + "\nis promtool there? deploy/bootstrap.sh test unpacks it";
}

TEST(CoordinatorMetricsTest, PromtoolHasNothingToSay) {
  CoordinatorMetrics metrics;
  Exercise(metrics);
  EXPECT_EQ(Complaints(metrics.Text()), "");
}

TEST(WorkerMetricsTest, PromtoolHasNothingToSayAndEveryMetricIsThere) {
  WorkerMetrics metrics("w1", "");
  metrics.slot_busy_seconds.Add({"cpu", "train"}, 1.5);
  metrics.cache_bytes.Set({"idle"}, 4096);
  const std::string text = metrics.Text();
  EXPECT_EQ(Complaints(text), "");
  EXPECT_EQ(ValueOf(text, "eida_worker_info{gpu_model=\"\",worker=\"w1\"}"), 1);
  EXPECT_EQ(ValueOf(text, "eida_build_info{component=\"worker\",version=\"" EIDA_VERSION "\"}"), 1);
  EXPECT_EQ(ValueOf(text, "eida_worker_transfer_bytes_total{class=\"file\",direction=\"upload\"}"),
            0);
  for (const char* name :
       {"eida_worker_slot_busy_seconds_total", "eida_worker_rpc_reconnects_total",
        "eida_worker_lease_renewal_failures_total", "eida_worker_cache_bytes",
        "process_start_time_seconds"}) {
    EXPECT_THAT(text, HasSubstr(std::string("# TYPE ") + name + " ")) << name;
  }
}

TEST(CoordinatorMetricsTest, EveryMetricOfTheInterfaceIsThere) {
  CoordinatorMetrics metrics;
  Exercise(metrics);
  const std::string text = metrics.Text();
  for (const char* name : {"eida_build_info",
                           "eida_jobs",
                           "eida_jobs_submitted_total",
                           "eida_jobs_finished_total",
                           "eida_job_retries_total",
                           "eida_job_queue_wait_seconds",
                           "eida_job_run_duration_seconds",
                           "eida_queue_oldest_ready_timestamp_seconds",
                           "eida_sweeps",
                           "eida_sweep_jobs",
                           "eida_tls_certificate_not_after_timestamp_seconds",
                           "eida_scheduler_pass_duration_seconds",
                           "eida_scheduler_last_pass_timestamp_seconds",
                           "eida_leases",
                           "eida_lease_expirations_total",
                           "eida_stale_results_total",
                           "eida_workers",
                           "eida_worker_slots",
                           "eida_worker_last_heartbeat_timestamp_seconds",
                           "eida_watch_streams",
                           "eida_log_received_bytes_total",
                           "eida_metric_points_total",
                           "eida_auth_failures_total",
                           "eida_db_transaction_duration_seconds",
                           "eida_db_busy_total",
                           "eida_db_size_bytes",
                           "eida_db_schema_version",
                           "eida_store_bytes",
                           "eida_store_objects",
                           "eida_store_free_bytes",
                           "eida_store_capacity_bytes",
                           "eida_store_io_duration_seconds",
                           "eida_store_digest_failures_total",
                           "grpc_server_started_total",
                           "grpc_server_handled_total",
                           "grpc_server_handling_seconds",
                           "process_start_time_seconds",
                           "process_cpu_seconds_total",
                           "process_resident_memory_bytes",
                           "process_open_fds",
                           "process_max_fds"}) {
    EXPECT_THAT(text, HasSubstr(std::string("# TYPE ") + name + " ")) << name;
  }
}

TEST(CoordinatorMetricsTest, CountersOfEveryKindExistBeforeTheirFirstEvent) {
  CoordinatorMetrics metrics;
  const std::string text = metrics.Text();
  EXPECT_EQ(ValueOf(text, "eida_jobs_submitted_total{kind=\"soup\"}"), 0);
  EXPECT_EQ(
      ValueOf(text, "eida_build_info{component=\"coordinator\",version=\"" EIDA_VERSION "\"}"), 1);
}

TEST(MetricTest, CountersAddAcrossThreads) {
  Registry registry;
  const Counter counter = registry.NewCounter("eida_test_total", "Test.", {"kind"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) counter.Add({"a"});
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ValueOf(registry.Text(), "eida_test_total{kind=\"a\"}"), 4000);
}

TEST(MetricTest, ReplaceDropsSeriesThatAreGone) {
  Registry registry;
  const Gauge gauge = registry.NewGauge("eida_test", "Test.", {"worker"});
  gauge.Replace({{{"a"}, 1}, {{"b"}, 2}});
  gauge.Replace({{{"b"}, 3}});
  const std::string text = registry.Text();
  EXPECT_EQ(ValueOf(text, "eida_test{worker=\"b\"}"), 3);
  EXPECT_THAT(text, Not(HasSubstr("worker=\"a\"")));
  gauge.Set({"a"}, 5);
  EXPECT_EQ(ValueOf(registry.Text(), "eida_test{worker=\"a\"}"), 5);
}

TEST(ProcessMetricsTest, TheyAreThisProcess) {
  CoordinatorMetrics metrics;
  const std::string text = metrics.Text();
  EXPECT_GT(ValueOf(text, "process_resident_memory_bytes"), 1e6);
  EXPECT_GE(ValueOf(text, "process_open_fds"), 3);
  EXPECT_GT(ValueOf(text, "process_max_fds"), 3);
  const double now = static_cast<double>(Clock::System().Read().wall.ms) / 1000;
  EXPECT_NEAR(ValueOf(text, "process_start_time_seconds"), now, 60);
}

}  // namespace
}  // namespace eida::telemetry
