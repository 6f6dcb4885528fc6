// A whole study over real gRPC and the real store, with a worker that does no work.
#include <thread>

#include "common/rpc/retry.h"
#include "common/rpc/status_map.h"
#include "tests/unit/service/harness.h"

namespace eida::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

class StudyTest : public CoordinatorTest {
 protected:
  static Json Resolved(Client& client, int64_t sweep) {
    return ParseJson(client.Sweep(sweep).resolved(), "resolved").value_or(Json());
  }
  // Works until the sweep has ended.
  void WorkUntilEnd(Client& client, FakeWorker& worker, int64_t sweep) {
    for (int round = 0; round < 200; ++round) {
      if (client.Sweep(sweep).state() != v1::SWEEP_STATE_RUNNING) return;
      ASSERT_TRUE(worker.Sync(Millis(2000)).ok());
      worker.FinishAll();
    }
    FAIL() << "the sweep does not end";
  }
};

TEST_F(StudyTest, AStudyRunsFromSubmitToItsEnd) {
  Start();
  Client client = NewClient();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  EXPECT_GT(submitted->jobs(), 10);
  EXPECT_EQ(submitted->reused(), 0);
  EXPECT_FALSE(submitted->attached());

  FakeWorker worker(client, "w1", 2);
  WorkUntilEnd(client, worker, submitted->sweep());
  const v1::Sweep sweep = client.Sweep(submitted->sweep());
  EXPECT_EQ(sweep.state(), v1::SWEEP_STATE_SUCCEEDED);
  EXPECT_EQ(sweep.jobs_by_state().at("succeeded"), submitted->jobs());
  EXPECT_EQ(static_cast<int64_t>(worker.done.size()), submitted->jobs());

  for (const v1::Job& job : client.Jobs(submitted->sweep())) {
    EXPECT_EQ(job.state(), v1::JOB_STATE_SUCCEEDED) << job.name();
    EXPECT_EQ(job.attempt(), 1) << job.name();
    ASSERT_GT(job.artifacts_size(), 0) << job.name();
    EXPECT_TRUE(client.Get(Digest(job.artifacts(0).digest())).ok());
  }
  EXPECT_EQ(Metric("eida_jobs_finished_total{kind=\"train\",outcome=\"succeeded\"}"), 4);
  EXPECT_EQ(Metric("eida_worker_slots{state=\"used\"}"), 0);
  EXPECT_EQ(Metric("eida_sweeps{state=\"succeeded\"}"), 1);
  EXPECT_GT(Metric("eida_metric_points_total"), 0);
  EXPECT_GT(Metric("eida_log_received_bytes_total{kind=\"train\"}"), 0);
  EXPECT_GT(Metric("grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Report\",grpc_service="
                   "\"eida.v1.WorkerService\","
                   "grpc_type=\"unary\"}"),
            0);
  EXPECT_EQ(Metric("eida_stale_results_total{kind=\"train\"}"), 0);
}

TEST_F(StudyTest, WhatWasReportedIsListed) {
  Start();
  Client client = NewClient();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  FakeWorker worker(client, "w1", 2);
  WorkUntilEnd(client, worker, submitted->sweep());

  v1::ListRunsRequest runs_request;
  runs_request.set_sweep(submitted->sweep());
  v1::ListRunsReply runs;
  ASSERT_TRUE(client.sweeps->ListRuns(client.Context().get(), runs_request, &runs).ok());
  ASSERT_EQ(runs.runs_size(), 4);
  const int64_t train = runs.runs(0).train_job();

  v1::ListMetricsRequest metrics_request;
  metrics_request.set_job(train);
  v1::ListMetricsReply metrics;
  ASSERT_TRUE(client.sweeps->ListMetrics(client.Context().get(), metrics_request, &metrics).ok());
  ASSERT_EQ(metrics.jobs_size(), 1);
  EXPECT_EQ(metrics.jobs(0).points_size(), 2);

  v1::ListCheckpointsRequest checkpoints_request;
  checkpoints_request.set_job(train);
  v1::ListCheckpointsReply checkpoints;
  ASSERT_TRUE(
      client.sweeps->ListCheckpoints(client.Context().get(), checkpoints_request, &checkpoints)
          .ok());
  EXPECT_EQ(checkpoints.checkpoints_size(), 1);

  v1::ListLogsRequest logs_request;
  logs_request.set_job(train);
  v1::ListLogsReply logs;
  ASSERT_TRUE(client.sweeps->ListLogs(client.Context().get(), logs_request, &logs).ok());
  ASSERT_EQ(logs.lines_size(), 1);
  EXPECT_THAT(logs.lines(0).text(), HasSubstr("hello from"));
  logs_request.set_after(logs.cursor());
  ASSERT_TRUE(client.sweeps->ListLogs(client.Context().get(), logs_request, &logs).ok());
  EXPECT_EQ(logs.lines_size(), 0);

  v1::ListEventsRequest events_request;
  events_request.set_job(train);
  v1::ListEventsReply events;
  ASSERT_TRUE(client.sweeps->ListEvents(client.Context().get(), events_request, &events).ok());
  std::vector<std::string> types;
  for (const v1::Event& event : events.events()) types.push_back(event.type());
  EXPECT_THAT(types, ::testing::ElementsAre("leased", "started", "succeeded"));

  v1::ListWorkersReply workers;
  ASSERT_TRUE(client.sweeps->ListWorkers(client.Context().get(), {}, &workers).ok());
  ASSERT_EQ(workers.workers_size(), 1);
  EXPECT_EQ(workers.workers(0).slots_size(), 2);

  v1::StatusReply status;
  ASSERT_TRUE(client.sweeps->Status(client.Context().get(), {}, &status).ok());
  EXPECT_EQ(status.version(), EIDA_VERSION);
  EXPECT_EQ(status.slots_total(), 2);
  EXPECT_GT(status.store_bytes(), 0);
  EXPECT_GE(status.schema(), 1);

  v1::ExportRequest export_request;
  export_request.set_sweep(submitted->sweep());
  export_request.set_source("run:" + runs.runs(2).name());
  export_request.set_format("peft");
  v1::ExportReply exported;
  const grpc::Status export_status =
      client.sweeps->Export(client.Context().get(), export_request, &exported);
  ASSERT_TRUE(export_status.ok()) << export_status.error_message();
  WorkUntilEnd(client, worker, submitted->sweep());
  v1::ListJobsRequest jobs_request;
  jobs_request.add_ids(exported.job());
  v1::ListJobsReply jobs;
  ASSERT_TRUE(client.sweeps->ListJobs(client.Context().get(), jobs_request, &jobs).ok());
  ASSERT_EQ(jobs.jobs_size(), 1);
  EXPECT_EQ(jobs.jobs(0).state(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(StudyTest, ACoordinatorThatComesBackGoesOnAndTheWorkerKeepsItsLeases) {
  Start();
  options_.listen =
      coordinator_->address();  // the restart must be found where the worker looks for it
  Client client = NewClient();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  FakeWorker worker(client, "w1", 2);
  ASSERT_TRUE(worker.Sync(Millis(0)).ok());
  ASSERT_EQ(worker.open.size(), 2u);
  const auto held = worker.open;
  ASSERT_TRUE(worker.Start(held.begin()->second).ok());

  Stop();
  EXPECT_FALSE(worker.Sync(Millis(0)).ok());
  Start();

  // As the agent does it: the connection comes back by itself, after a little while.
  rpc::Retry retry({.attempts = 100, .first = Millis(20), .most = Millis(100)});
  const Status back = retry.Run([&] { return worker.Sync(Millis(0)); });
  ASSERT_TRUE(back.ok()) << back;
  EXPECT_EQ(worker.open.size(), 2u) << "the worker lost a lease, or got one that has no slot";
  for (const auto& [lease, grant] : held) EXPECT_EQ(worker.open.count(lease), 1u);
  WorkUntilEnd(client, worker, submitted->sweep());
  EXPECT_EQ(client.Sweep(submitted->sweep()).state(), v1::SWEEP_STATE_SUCCEEDED);
  for (const v1::Job& job : client.Jobs(submitted->sweep()))
    EXPECT_EQ(job.attempt(), 1) << job.name();
}

TEST_F(StudyTest, ResubmittingAttachesOrReusesAndTheKeyIsIdempotent) {
  Start();
  Client client = NewClient();
  v1::SubmitRequest request = TinyStudy(client);
  request.set_idempotency_key("key");
  const auto first = client.Submit(request);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = client.Submit(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->sweep(), first->sweep());
  EXPECT_TRUE(again->attached());
  request.add_overrides("train.lr=0.5");
  EXPECT_EQ(client.Submit(request).status().code(), absl::StatusCode::kAlreadyExists);

  FakeWorker worker(client, "w1", 2);
  WorkUntilEnd(client, worker, first->sweep());
  v1::SubmitRequest plain = TinyStudy(client);
  plain.set_attach(true);
  const auto attached = client.Submit(plain);
  ASSERT_TRUE(attached.ok());
  EXPECT_EQ(attached->sweep(), first->sweep());
  EXPECT_TRUE(attached->attached());
  plain.set_attach(false);
  const auto fresh = client.Submit(plain);
  ASSERT_TRUE(fresh.ok());
  EXPECT_NE(fresh->sweep(), first->sweep());
  EXPECT_EQ(fresh->reused(), fresh->jobs()) << "finished twins must be reused";
  EXPECT_EQ(client.Sweep(fresh->sweep()).state(), v1::SWEEP_STATE_SUCCEEDED);

  // What was laid over the file stays with the sweep.
  plain.add_overrides("description=again");
  const auto described = client.Submit(plain);
  ASSERT_TRUE(described.ok()) << described.status();
  EXPECT_EQ(Resolved(client, described->sweep())["overrides"], Json{"description=again"});
  EXPECT_FALSE(Resolved(client, fresh->sweep()).contains("overrides"));
}

TEST_F(StudyTest, ALateReportOfAnOlderAttemptIsRefusedAndCounted) {
  options_.lease_ttl = Millis(1000);
  Start();
  Client client = NewClient();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  FakeWorker slow(client, "slow", 1);
  ASSERT_TRUE(slow.Sync(Millis(0)).ok());
  ASSERT_EQ(slow.open.size(), 1u);
  const Grant old = slow.open.begin()->second;
  FakeWorker quick(client, "quick", 4);
  // The lease of the silent worker runs out; the other one gets its job.
  for (int round = 0; round < 100; ++round) {
    ASSERT_TRUE(quick.Sync(Millis(300)).ok());
    bool found = false;
    for (const auto& [lease, grant] : quick.open)
      found = found || grant.jobs[0].job == old.jobs[0].job;
    if (found) break;
  }
  EXPECT_EQ(slow.Finish(old), 0);
  EXPECT_GE(Metric("eida_lease_expirations_total{kind=\"train\"}"), 1);
  EXPECT_GE(Metric("eida_stale_results_total{kind=\"train\"}"), 1);
  WorkUntilEnd(client, quick, submitted->sweep());
  EXPECT_EQ(client.Sweep(submitted->sweep()).state(), v1::SWEEP_STATE_SUCCEEDED);
}

TEST_F(StudyTest, CancelEndsTheSweepAndRetryRevivesIt) {
  Start();
  Client client = NewClient();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  v1::CancelRequest cancel;
  cancel.set_sweep(submitted->sweep());
  v1::CancelReply cancelled;
  ASSERT_TRUE(client.sweeps->Cancel(client.Context().get(), cancel, &cancelled).ok());
  EXPECT_GT(cancelled.cancelled(), 0);
  EXPECT_EQ(client.Sweep(submitted->sweep()).state(), v1::SWEEP_STATE_CANCELLED);
  v1::RetryRequest retry;
  retry.set_sweep(submitted->sweep());
  v1::RetryReply retried;
  ASSERT_TRUE(client.sweeps->Retry(client.Context().get(), retry, &retried).ok());
  EXPECT_GT(retried.retried(), 0);
  FakeWorker worker(client, "w1", 4);
  WorkUntilEnd(client, worker, submitted->sweep());
  EXPECT_EQ(client.Sweep(submitted->sweep()).state(), v1::SWEEP_STATE_SUCCEEDED);
}

}  // namespace
}  // namespace eida::testing
