#include "server/store/store.h"

#include <sys/stat.h>

#include <cmath>

#include "gmock/gmock.h"
#include "tests/unit/store/samples.h"

namespace eida::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreTest : public ::testing::Test {
 protected:
  std::string Dir() const { return JoinPath(temp_.path(), "data"); }
  void Reopen() {
    store_.reset();
    store_ = OpenStore(Dir());
  }
  Status Apply(std::vector<Change> changes) { return store_->Apply(changes); }
  Snapshot Load() {
    Result<Snapshot> snapshot = store_->Load();
    EXPECT_TRUE(snapshot.ok()) << snapshot.status().ToString();
    return snapshot.ok() ? std::move(snapshot).value() : Snapshot{};
  }

  TempDir temp_;
  std::unique_ptr<Store> store_ = OpenStore(Dir());
};

JobStatus Active(JobState state, Attempt attempt) {
  JobStatus status;
  status.state = state;
  status.attempt = attempt;
  return status;
}

TEST_F(StoreTest, AFreshStoreIsEmptyAndPrivate) {
  const Snapshot snapshot = Load();
  EXPECT_TRUE(snapshot.sweeps.empty() && snapshot.jobs.empty() && snapshot.workers.empty());
  EXPECT_EQ(snapshot.next_sweep, 1);
  EXPECT_EQ(snapshot.next_lease, 1);
  struct stat info {};
  ASSERT_EQ(stat(DatabasePath(Dir()).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(StoreTest, ASweepComesBackAsItWasAfterARestart) {
  AddSweep add = SampleStudy(2, 1);
  add.jobs[0].artifacts = {{"weights", "adapter", Digest(Hex(21)), 99, R"({"r":8})"},
                           {"best", "adapter", Digest(Hex(22)), 98, ""}};
  add.jobs[0].status = Active(JobState::kSucceeded, 3);
  add.jobs[0].status.error_message = "none";
  add.jobs[0].status.summary = R"({"loss":0.5})";
  add.jobs[0].status.worker = WorkerId("w1");
  add.jobs[0].status.failures = 1;
  add.jobs[0].status.free_failures = 2;
  add.jobs[1].status.reused_from = JobId(1);
  add.jobs[2].status.cause = JobId(2);
  add.jobs[2].status.retry_at = {77};
  ASSERT_OK(Apply({add}));
  Reopen();
  const Snapshot snapshot = Load();
  ASSERT_EQ(snapshot.sweeps.size(), 1u);
  const SweepRecord& sweep = snapshot.sweeps[0];
  EXPECT_EQ(sweep.name, add.sweep.name);
  EXPECT_EQ(sweep.description, add.sweep.description);
  EXPECT_EQ(sweep.labels, add.sweep.labels);
  EXPECT_EQ(sweep.source, add.sweep.source);
  EXPECT_EQ(sweep.resolved, add.sweep.resolved);
  EXPECT_EQ(sweep.fingerprint, add.sweep.fingerprint);
  EXPECT_EQ(sweep.idempotency_key, add.sweep.idempotency_key);
  EXPECT_EQ(sweep.retries.max, 5);
  EXPECT_EQ(sweep.retries.max_free, 9);
  EXPECT_EQ(sweep.retries.backoff, Millis(2500));
  EXPECT_EQ(sweep.retries.max_backoff, Millis(70'000));
  EXPECT_THAT(sweep.retries.never, ElementsAre(ErrorClass::kOom, ErrorClass::kData));
  EXPECT_EQ(sweep.priority, -3);
  EXPECT_EQ(sweep.created, add.sweep.created);
  ASSERT_EQ(snapshot.runs.size(), 2u);
  EXPECT_EQ(snapshot.runs[1].settings, add.runs[1].settings);
  EXPECT_EQ(snapshot.runs[1].train_job, JobId(2));
  EXPECT_EQ(snapshot.runs[1].base_parameters, 22'000'000);
  ASSERT_EQ(snapshot.jobs.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const JobSpec& got = snapshot.jobs[i].spec;
    const JobSpec& want = add.jobs[i].spec;
    EXPECT_EQ(got.spec, want.spec);
    EXPECT_EQ(got.name, want.name);
    EXPECT_EQ(got.run, want.run);
    EXPECT_EQ(got.fingerprint, want.fingerprint);
    EXPECT_EQ(got.bundle_key, want.bundle_key);
    EXPECT_EQ(got.cost, want.cost);
    EXPECT_EQ(got.slots, want.slots);
    ASSERT_EQ(got.inputs.size(), want.inputs.size());
    EXPECT_EQ(got.inputs[1].name, want.inputs[1].name);
    EXPECT_EQ(got.inputs[1].digest, want.inputs[1].digest);
    ASSERT_EQ(got.parents.size(), want.parents.size());
  }
  EXPECT_EQ(snapshot.jobs[2].spec.parents[1].role, "b");
  EXPECT_FALSE(snapshot.jobs[2].spec.parents[1].shortcut);
  EXPECT_TRUE(snapshot.jobs[2].spec.parents[4].shortcut);
  EXPECT_EQ(snapshot.jobs[2].spec.parents[1].parent, JobId(2));
  ASSERT_EQ(snapshot.jobs[0].artifacts.size(), 2u);
  EXPECT_EQ(snapshot.jobs[0].artifacts[0].name, "weights");
  EXPECT_EQ(snapshot.jobs[0].artifacts[0].meta, R"({"r":8})");
  EXPECT_EQ(snapshot.jobs[0].status.state, JobState::kSucceeded);
  EXPECT_EQ(snapshot.jobs[0].status.attempt, 3);
  EXPECT_EQ(snapshot.jobs[0].status.summary, R"({"loss":0.5})");
  EXPECT_EQ(snapshot.jobs[0].status.worker, WorkerId("w1"));
  EXPECT_EQ(snapshot.jobs[0].status.free_failures, 2);
  EXPECT_EQ(snapshot.jobs[1].status.reused_from, JobId(1));
  EXPECT_EQ(snapshot.jobs[2].status.cause, JobId(2));
  EXPECT_EQ(snapshot.jobs[2].status.retry_at.ms, 77);
  EXPECT_EQ(snapshot.next_sweep, 2);
  EXPECT_EQ(snapshot.next_run, 3);
  EXPECT_EQ(snapshot.next_job, 4);
}

TEST_F(StoreTest, AGuardThatMatchesNoRowIsInternalAndKeepsNothingOfTheBatch) {
  ASSERT_OK(Apply({SampleStudy(1, 0)}));
  const Status status =
      Apply({AddEvent{{0, {1}, SweepId(1), JobId(1), 1, WorkerId("w"), "started", ""}},
             UpdateJob{JobId(1), JobState::kLeased, Active(JobState::kRunning, 1)}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(Message(status),
              HasSubstr("job j1: expected leased before running, but it is ready"));
  EXPECT_THAT(*OpenReader(Dir())->Events({}, {}, 0, 0), IsEmpty());
  EXPECT_EQ(Load().jobs[0].status.state, JobState::kReady);

  const Status missing =
      Apply({UpdateJob{JobId(9), JobState::kReady, Active(JobState::kLeased, 1)}});
  EXPECT_THAT(Message(missing), HasSubstr("there is no such row"));
  const Status sweep =
      Apply({UpdateSweep{SweepId(1), SweepState::kFailed, SweepState::kRunning, {}}});
  EXPECT_EQ(sweep.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(Message(sweep), HasSubstr("it is running"));
}

TEST_F(StoreTest, ARolledBackBatchLeavesNoTextOrSeriesBehindInMemory) {
  AddSweep study = SampleStudy(1, 1);
  const UpdateJob wrong{JobId(1), JobState::kRunning, Active(JobState::kSucceeded, 1)};
  const AddMetrics metrics{JobId(1), 1, {{"train/loss", 1, 0.5}}};
  EXPECT_FALSE(Apply({study, metrics, wrong}).ok());
  ASSERT_OK(Apply({study, metrics}));
  EXPECT_EQ(Load().jobs[1].spec.spec, study.jobs[1].spec.spec);
  EXPECT_EQ(OpenReader(Dir())->Metrics({}, JobId(1), "train/loss")->at(0).points.at(0).value, 0.5);
}

TEST_F(StoreTest, ASucceededJobNeverChangesAndTheFenceNeverFalls) {
  ASSERT_OK(Apply({SampleStudy(2, 0),
                   UpdateJob{JobId(1), JobState::kReady, Active(JobState::kSucceeded, 1)},
                   UpdateJob{JobId(2), JobState::kReady, Active(JobState::kLeased, 2)}}));
  const Status late =
      Apply({UpdateJob{JobId(1), JobState::kSucceeded, Active(JobState::kFailed, 1)}});
  EXPECT_EQ(late.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(Message(late), HasSubstr("a job that succeeded never changes"));
  const Status older = Apply({UpdateJob{JobId(2), JobState::kLeased, Active(JobState::kReady, 1)}});
  EXPECT_THAT(Message(older), HasSubstr("attempt number of a job never falls"));
  EXPECT_EQ(Load().jobs[0].status.state, JobState::kSucceeded);
}

TEST_F(StoreTest, AResultThatLackedSomethingGivesWayToAnother) {
  JobStatus partial = Active(JobState::kSucceeded, 1);
  partial.lacking = 2;
  AddSweep study = SampleStudy(1, 1);
  study.jobs[1].spec.quorum = 1;
  ASSERT_OK(Apply({study, AddArtifacts{JobId(2), 1, {{"matrix", "matrix", Digest(Hex(7)), 9, ""}}},
                   UpdateJob{JobId(2), JobState::kBlocked, partial}}));
  Reopen();
  EXPECT_EQ(Load().jobs[1].spec.quorum, 1);
  EXPECT_EQ(Load().jobs[1].status.lacking, 2);
  ASSERT_OK(Apply({UpdateJob{JobId(2), JobState::kSucceeded, Active(JobState::kBlocked, 1)}}));
  EXPECT_THAT(Load().jobs[1].artifacts, IsEmpty());
  EXPECT_EQ(Load().jobs[1].status.lacking, 0);
  // The second result, now whole, may have the first one's names, and stays.
  ASSERT_OK(Apply({AddArtifacts{JobId(2), 2, {{"matrix", "matrix", Digest(Hex(8)), 9, ""}}},
                   UpdateJob{JobId(2), JobState::kBlocked, Active(JobState::kSucceeded, 2)}}));
  ASSERT_EQ(Load().jobs[1].artifacts.size(), 1u);
  EXPECT_FALSE(
      Apply({UpdateJob{JobId(2), JobState::kSucceeded, Active(JobState::kBlocked, 2)}}).ok());
}

TEST_F(StoreTest, AJobHasOneOpenAttemptAndItEndsOnce) {
  const AttemptRecord first{JobId(1), 1, LeaseId(5), WorkerId("w1"), {10}, {}, "", "", {3, 5}};
  ASSERT_OK(Apply({SampleStudy(1, 0), OpenAttempt{first}}));
  AttemptRecord second = first;
  second.attempt = 2;
  second.lease = LeaseId(6);
  EXPECT_EQ(Apply({OpenAttempt{second}}).code(), absl::StatusCode::kInternal);
  ASSERT_EQ(Load().open_attempts.size(), 1u);
  EXPECT_EQ(Load().open_attempts[0].slots, (std::vector<int>{3, 5}));
  EXPECT_EQ(Load().next_lease, 6);
  const CloseAttempt close{JobId(1), 1, {20}, "worker_lost", "lease ran out"};
  ASSERT_OK(Apply({close, OpenAttempt{second}}));
  EXPECT_THAT(Message(Apply({close})), HasSubstr("it is not open"));
  const auto attempts = *OpenReader(Dir())->Attempts(JobId(1));
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].outcome, "worker_lost");
  EXPECT_EQ(attempts[0].closed.ms, 20);
  EXPECT_EQ(attempts[1].outcome, "");
}

TEST_F(StoreTest, ResendsOfCheckpointsMetricsAndLogLinesAreHarmless) {
  const AddCheckpoint checkpoint{
      {JobId(1), 1, 100, R"({"loss":1})", {"ck", "checkpoint", Digest(Hex(5)), 10, ""}, {50}}};
  const AddMetrics metrics{
      JobId(1), 1, {{"train/loss", 1, 0.5}, {"train/loss", 2, NAN}, {"select/acc", 2, INFINITY}}};
  const AddLog log{{{JobId(1), 1, 0, {60}, "hello"}, {JobId(1), 1, 1, {61}, ""}}};
  ASSERT_OK(Apply({SampleStudy(1, 0), checkpoint, metrics, log}));
  ASSERT_OK(Apply({checkpoint, metrics, log, checkpoint, metrics, log}));
  const std::unique_ptr<Reader> reader = OpenReader(Dir());
  EXPECT_EQ(reader->Checkpoints({}, JobId(1))->size(), 1u);
  const JobMetrics all = reader->Metrics({}, JobId(1), "")->at(0);
  ASSERT_EQ(all.points.size(), 3u);
  EXPECT_EQ(all.points[0].series, "select/acc");
  EXPECT_TRUE(std::isinf(all.points[0].value));
  EXPECT_EQ(all.points[1].value, 0.5);
  EXPECT_TRUE(std::isnan(all.points[2].value));
  EXPECT_EQ(reader->Logs(JobId(1), 0, 0, 0)->lines.size(), 2u);
}

TEST_F(StoreTest, ALaterAttemptTakesThePlaceOfTheStepsItRepeatsAndAnOlderOneDoesNot) {
  const auto point = [](Attempt attempt, double value) {
    return AddMetrics{JobId(1), attempt, {{"loss", 7, value}}};
  };
  const auto checkpoint = [](Attempt attempt, int64_t step) {
    return AddCheckpoint{
        {JobId(1), attempt, step, "", {"ck", "checkpoint", Digest(Hex(attempt)), 10, ""}, {1}}};
  };
  ASSERT_OK(Apply({SampleStudy(1, 0), point(1, 1.0), checkpoint(1, 10), checkpoint(1, 20)}));
  ASSERT_OK(Apply({point(2, 2.0), checkpoint(2, 10)}));
  ASSERT_OK(Apply({point(1, 3.0), checkpoint(1, 10)}));
  EXPECT_EQ(OpenReader(Dir())->Metrics(SweepId(1), {}, "loss")->at(0).points.at(0).value, 2.0);
  EXPECT_EQ(OpenReader(Dir())->Checkpoints(SweepId(1), {})->at(0).artifact.digest, Digest(Hex(2)));
  const Snapshot snapshot = Load();
  ASSERT_EQ(snapshot.checkpoints.size(),
            1u);  // the newest is the newer attempt's, though its step is smaller
  EXPECT_EQ(snapshot.checkpoints[0].attempt, 2);
  EXPECT_EQ(snapshot.checkpoints[0].step, 10);
  ASSERT_OK(Apply({UpdateJob{JobId(1), JobState::kReady, Active(JobState::kSucceeded, 2)}}));
  EXPECT_TRUE(Load().checkpoints.empty());
}

TEST_F(StoreTest, TheCheckpointOfAJobThatFailedOrWasCancelledIsThereAfterARestart) {
  const auto made = [](int64_t job, int64_t step) {
    return AddCheckpoint{
        {JobId(job), 1, step, "", {"ck", "checkpoint", Digest(Hex(5)), 10, ""}, {1}}};
  };
  ASSERT_OK(Apply({SampleStudy(3, 0), made(1, 10), made(1, 20), made(2, 7), made(3, 9),
                   UpdateJob{JobId(1), JobState::kReady, Active(JobState::kFailed, 1)},
                   UpdateJob{JobId(2), JobState::kReady, Active(JobState::kCancelled, 1)},
                   UpdateJob{JobId(3), JobState::kReady, Active(JobState::kSucceeded, 1)}}));
  Reopen();
  const Snapshot snapshot = Load();
  ASSERT_EQ(snapshot.checkpoints.size(), 2u);
  EXPECT_EQ(snapshot.checkpoints[0].step, 20);
  EXPECT_EQ(snapshot.checkpoints[1].job, JobId(2));
}

TEST_F(StoreTest, ASecondResultOfAJobIsRefused) {
  const AddArtifacts result{JobId(1), 1, {{"weights", "adapter", Digest(Hex(5)), 10, ""}}};
  ASSERT_OK(Apply({SampleStudy(1, 0), result}));
  EXPECT_EQ(Apply({result}).code(), absl::StatusCode::kInternal);
}

TEST_F(StoreTest, ReferencesToWhatIsNotThereAreRefusedWhateverTheOrder) {
  AddSweep study = SampleStudy(2, 1);
  std::swap(study.jobs[0], study.jobs[2]);  // children before parents is fine
  ASSERT_OK(Apply({study}));
  JobRecord orphan = SampleJob(JobId(9), SweepId(1));
  orphan.spec.parents = {{"a", JobId(77), "weights"}};
  EXPECT_FALSE(Apply({AddJobs{{orphan}}}).ok());
  orphan.spec.parents[0].parent = JobId(1);
  EXPECT_OK(Apply({AddJobs{{orphan}}}));
}

TEST_F(StoreTest, AWorkerIsKeptUnderItsIdWithItsNewestSession) {
  WorkerRecord worker{WorkerId("w1"),     "session-1", "host", "0.1", 42, {},
                      WorkerState::kBusy, {5},         {6}};
  worker.slots = {{0, "cpu", {0, 1}}, {1, "cuda:0", {}}};
  ASSERT_OK(Apply({PutWorker{worker}}));
  worker.session = "session-2";
  worker.state = WorkerState::kLost;
  worker.drained = true;
  ASSERT_OK(Apply({PutWorker{worker}}));
  const Snapshot snapshot = Load();
  ASSERT_EQ(snapshot.workers.size(), 1u);
  EXPECT_EQ(snapshot.workers[0].session, "session-2");
  EXPECT_EQ(snapshot.workers[0].state, WorkerState::kLost);
  EXPECT_TRUE(snapshot.workers[0].drained);
  ASSERT_EQ(snapshot.workers[0].slots.size(), 2u);
  EXPECT_THAT(snapshot.workers[0].slots[0].cpus, ElementsAre(0, 1));
  EXPECT_EQ(snapshot.workers[0].slots[1].device, "cuda:0");
}

TEST_F(StoreTest, TwoStoresCannotShareADirectory) {
  const Result<std::unique_ptr<Store>> second = Store::Open({Dir(), nullptr});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(second.status()), HasSubstr("in use by another coordinator"));
}

TEST_F(StoreTest, EveryTransactionIsTimed) {
  store_.reset();
  std::vector<std::string> ops;
  store_ = *Store::Open({Dir(), [&](const char* op, double seconds) {
                           ops.push_back(op);
                           EXPECT_GT(seconds, 0);
                         }});
  ASSERT_OK(Apply({SampleStudy(1, 0)}));
  Load();
  EXPECT_THAT(ops, ElementsAre("write", "read"));
}

}  // namespace
}  // namespace eida::store
