// The agent with a fake coordinator and a fake runner: real processes, real files, no network.
#include "worker/agent/agent.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/agent/fakes.h"

namespace eida::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char kRunner[] = EIDA_BINARY_DIR "/tests/eida-fake-runner";
const char kStarted[] = R"(["emit", {"event": "started"}])";
const char kDone[] = R"(["emit", {"event": "done", "summary": {"steps": 1}}])";

class AgentTest : public ::testing::Test {
 protected:
  AgentTest() {
    cache_ = Cache::Open(Path("cache"), 0).value();
    options_.worker.id = WorkerId("w1");
    options_.worker.session = "session-1";
    options_.lease.work_dir = Path("work");
    options_.lease.supervisor = options_.lease.runner = kRunner;
    options_.lease.stop_grace = Millis(5000);
    options_.lease.revoke_grace = Millis(300);
    options_.leave_timeout = Millis(1000);
    options_.backoff = options_.reporter.backoff = {Millis(10), Millis(50)};
    options_.reporter.interval = Millis(20);
    for (int i = 0; i < 2; ++i) {
      Slot slot;
      slot.info = {i, "cpu", {}};
      options_.slots.push_back(slot);
    }
  }
  ~AgentTest() override { Stop(); }

  std::string Path(const std::string& name) { return JoinPath(dir_.path(), name); }
  void Start() {
    agent_ = std::make_unique<Agent>(options_, coordinator_, artifacts_, *cache_, launcher_,
                                     Clock::System());
    thread_ = std::thread([this] { result_ = agent_->Run(); });
  }
  void Stop() {
    if (agent_ == nullptr) return;
    agent_->KillNow();
    Join().IgnoreError();
  }
  Status Join() {
    if (thread_.joinable()) thread_.join();
    agent_.reset();
    return result_;
  }
  static GrantJob Job(int64_t id, const std::string& steps = "") {
    GrantJob job;
    job.job = JobId(id);
    job.attempt = 1;
    job.name = "job-" + std::to_string(id);
    job.spec = steps.empty() ? "{}" : "{\"steps\": [" + steps + "]}";
    return job;
  }
  void Offer(int64_t lease, int slot, std::vector<GrantJob> jobs) {
    coordinator_.Offer({LeaseId(lease), slot, std::move(jobs)});
  }
  Finished End(int64_t job) {
    if (!coordinator_.WaitForItem<Finished>(job))
      return {ErrorClass::kNone, "job " + std::to_string(job) + " never ended", "", {}};
    const auto all = coordinator_.Items<Finished>(job);
    EXPECT_EQ(all.size(), 1u);
    return all.front();
  }
  bool NothingHeld() {
    return coordinator_.WaitFor([&] { return coordinator_.last.held.empty(); });
  }
  std::string Until(const std::string& file) { return "[\"until\", \"" + Path(file) + "\"]"; }
  void Touch(const std::string& file) { std::ofstream(Path(file)) << "x"; }
  pid_t ReadPid(const std::string& name) {
    pid_t pid = 0;
    for (int i = 0; i < 1000 && !(std::ifstream(Path(name)) >> pid); ++i) usleep(5000);
    return pid;
  }
  static bool GoneWithin(pid_t pid, int ms) {
    for (int i = 0; i < ms && kill(pid, 0) == 0; i += 5) usleep(5000);
    return kill(pid, 0) != 0;
  }

  TempDir dir_{"eida-agent"};
  FakeCoordinator coordinator_;
  FakeArtifacts artifacts_;
  exec::Launcher launcher_;
  std::unique_ptr<Cache> cache_;
  AgentOptions options_;
  std::unique_ptr<Agent> agent_;
  std::thread thread_;
  Status result_;
};

TEST_F(AgentTest, AJobRunsAndItsResultIsStoredBeforeItIsReported) {
  GrantJob job = Job(7);
  job.inputs = {artifacts_.Add("data/train", "rows")};
  Offer(1, 0, {job});
  Start();
  const Finished end = End(7);
  EXPECT_EQ(end.error, ErrorClass::kNone) << end.message;
  EXPECT_EQ(end.summary, R"({"steps":1})");
  ASSERT_EQ(end.artifacts.size(), 1u);
  EXPECT_EQ(end.artifacts[0].name, "weights");
  EXPECT_EQ(DigestOf(artifacts_.Content(end.artifacts[0].digest)), end.artifacts[0].digest);
  EXPECT_EQ(static_cast<int64_t>(artifacts_.Content(end.artifacts[0].digest).size()),
            end.artifacts[0].size);
  EXPECT_EQ(coordinator_.Items<Started>(7).size(), 1u);
  EXPECT_EQ(coordinator_.Items<Progress>(7).back().total, 2);
  const auto metrics = coordinator_.Items<Metrics>(7);
  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(metrics[0].points[0].value, 0.25);
  EXPECT_TRUE(NothingHeld());
  Stop();
  EXPECT_THAT(ListDir(Path("work")).value(), IsEmpty());
}

TEST_F(AgentTest, AReportThatIsNeverTakenEndsItsJobAndHoldsNothingElseUp) {
  coordinator_.refuse = [](const std::vector<JobReport>& reports) -> Status {
    for (const JobReport& report : reports) {
      for (const ReportItem& item : report.items) {
        const auto* end = std::get_if<Finished>(&item);
        if (report.job == JobId(1) && end != nullptr && end->error == ErrorClass::kNone)
          return FailedPrecondition("artifact \"weights\" is not in the store");
      }
    }
    return OkStatus();
  };
  Offer(1, 0, {Job(1)});
  Offer(2, 1, {Job(2)});
  Start();
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
  const Finished end = End(1);
  EXPECT_EQ(end.error, ErrorClass::kIo);
  EXPECT_THAT(end.message, HasSubstr("is not in the store"));
  EXPECT_THAT(end.artifacts, IsEmpty());
  EXPECT_TRUE(NothingHeld());
}

TEST_F(AgentTest, AnArtifactThatIsMadeTwiceFailsTheJob) {
  const std::string weights =
      R"(["artifact", {"name": "weights", "kind": "file", "content": "x"}], )";
  Offer(1, 0, {Job(1, std::string(kStarted) + ", " + weights + weights + kDone)});
  Start();
  const Finished end = End(1);
  EXPECT_EQ(end.error, ErrorClass::kInternal);
  EXPECT_THAT(end.message, HasSubstr("made artifact weights twice"));
}

TEST_F(AgentTest, EveryKindOfEndIsReportedAsWhatItIs) {
  Offer(1, 0, {Job(1, std::string(kStarted) + R"(, ["signal", 11])")});
  Offer(2, 1, {Job(2, std::string(kStarted) + R"(, ["exit", 0])")});
  Offer(
      3, 0,
      {Job(3, std::string(kStarted) +
                  R"(, ["emit", {"event": "error", "class": "oom", "message": "batch of 64"}])")});
  Offer(4, 1,
        {Job(4, std::string(kStarted) +
                    R"(, ["artifact", {"name": "weights", "kind": "adapter", "missing": 1}], )" +
                    kDone)});
  Offer(5, 0,
        {Job(5, std::string(kStarted) +
                    R"(, ["artifact", {"name": "weights", "kind": "adapter", "corrupt": 1}], )" +
                    kDone)});
  Offer(6, 1, {Job(6, std::string(kStarted) + R"(, ["log", "the reason"], ["exit", 1])")});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kCrashed);
  EXPECT_THAT(End(1).message, HasSubstr("SIGSEGV"));
  EXPECT_EQ(End(2).error, ErrorClass::kCrashed);
  EXPECT_EQ(End(3).error, ErrorClass::kOom);
  EXPECT_EQ(End(3).message, "batch of 64");
  EXPECT_EQ(End(4).error, ErrorClass::kCrashed);
  EXPECT_THAT(End(4).message, HasSubstr("artifact weights is not what the runner claims"));
  EXPECT_EQ(End(5).error, ErrorClass::kCrashed);
  EXPECT_THAT(End(6).message, HasSubstr("the reason"));
  EXPECT_EQ(coordinator_.Items<LogText>(6).at(0).text, "the reason");
}

TEST_F(AgentTest, ACrashInABundleCostsOnlyTheJobThatHadStarted) {
  Offer(1, 0, {Job(1), Job(2, std::string(kStarted) + R"(, ["signal", 9])"), Job(3)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_EQ(End(2).error, ErrorClass::kCrashed);
  EXPECT_EQ(End(3).error, ErrorClass::kPreempted);
  EXPECT_TRUE(NothingHeld());
}

TEST_F(AgentTest, ALostOrDoubledGrantStartsOneRunner) {
  coordinator_.LoseReplies(2);
  coordinator_.twice = true;
  Offer(1, 0,
        {Job(1, std::string(kStarted) + R"(, ["append", {"path": ")" + Path("ran") +
                    R"(", "text": "x"}], )" + kDone)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_TRUE(NothingHeld());
  EXPECT_EQ(ReadFile(Path("ran")).value(), "x");
}

TEST_F(AgentTest, AGrantOfALeaseThatIsHeldChangesNothing) {
  const std::string append = R"(["append", {"path": ")" + Path("ran") + R"(", "text": "x"}], )";
  Offer(1, 0, {Job(1, append + kStarted + ", " + Until("go") + ", " + append + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.regrants = 3;
  for (int i = 0; i < 1000 && coordinator_.regrants > 0; ++i) usleep(5000);
  ASSERT_EQ(coordinator_.regrants, 0);
  Touch("go");
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_EQ(ReadFile(Path("ran")).value(), "xx");
}

TEST_F(AgentTest, TwoLeasesOfOneSlotRunOneAfterTheOther) {
  Offer(1, 0, {Job(1, std::string(kStarted) + ", " + Until("go") + ", " + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  Offer(2, 0, {Job(2)});
  ASSERT_TRUE(coordinator_.WaitFor([&] { return coordinator_.last.held.size() == 2; }));
  EXPECT_FALSE(coordinator_.WaitForItem<Started>(2, 1, 150));
  Touch("go");
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
}

TEST_F(AgentTest, WorkGoesOnWhileTheCoordinatorIsAwayAndIsReportedLater) {
  Offer(
      1, 0,
      {Job(
          1,
          std::string(kStarted) + ", " + Until("go") +
              R"(, ["emit", {"event": "metric", "series": "a", "step": 1, "value": 1}], ["checkpoint", 5],
                             ["artifact", {"name": "weights", "kind": "adapter"}], )" +
              kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.SetError(Unavailable("connection refused"));
  artifacts_.SetError(Unavailable("connection refused"));
  Touch("go");
  usleep(800'000);  // longer than the lease's time to live
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
  artifacts_.SetError(OkStatus());
  coordinator_.SetError(OkStatus());
  const Finished end = End(1);
  EXPECT_EQ(end.error, ErrorClass::kNone) << end.message;
  EXPECT_EQ(coordinator_.Items<Metrics>(1).size(), 1u);
  EXPECT_EQ(coordinator_.Items<CheckpointMade>(1).at(0).step, 5);
}

TEST_F(AgentTest, ALostAcknowledgementMeansAResendAndNothingElse) {
  coordinator_.LoseAcknowledgements(3);
  Offer(1, 0,
        {Job(1, std::string(kStarted) +
                    R"(, ["emit", {"event": "metric", "series": "a", "step": 4, "value": 1}], )" +
                    Until("go") + ", " + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitFor(
      [&] { return coordinator_.lose_acknowledgements == 0 && coordinator_.report_calls >= 4; }));
  Touch("go");
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_GE(coordinator_.Items<Started>(1).size(), 4u);  // sent again and again
  for (const auto& metrics : coordinator_.Items<Metrics>(1))
    EXPECT_EQ(metrics.points.at(0).step, 4);
}

TEST_F(AgentTest, AnEndWhoseAcknowledgementIsLostIsOver) {
  Offer(1, 0, {Job(1, std::string(kStarted) + ", " + Until("go") + ", " + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.LoseAcknowledgements(1);
  Touch("go");
  ASSERT_TRUE(coordinator_.WaitForItem<Finished>(1));
  EXPECT_TRUE(
      NothingHeld());  // the coordinator has closed the lease: it says so, or takes the resend
  Offer(2, 0, {Job(2)});
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
}

TEST_F(AgentTest, ARevokedLeaseIsStoppedAndReportsNothing) {
  Offer(1, 0,
        {Job(1, R"(["ignore_term"], )" + std::string(kStarted) +
                    R"(, ["grandchild", {"pid_file": ")" + Path("pid") +
                    R"("}], ["sleep", 60000])")});
  Start();
  const pid_t pid = ReadPid("pid");
  ASSERT_GT(pid, 0);
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.Revoke(LeaseId(1));
  EXPECT_TRUE(GoneWithin(pid, 3000));
  Offer(2, 0, {Job(2)});
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
}

TEST_F(AgentTest, WhatARunnerSaysAfterItsLeaseWasRevokedIsNotReported) {
  options_.lease.revoke_grace = Millis(5000);
  Offer(
      1, 0,
      {Job(
          1,
          R"(["ignore_term"], )" + std::string(kStarted) + ", " + Until("go") +
              R"(, ["emit", {"event": "metric", "series": "a", "step": 1, "value": 1}], ["sleep", 200],
                        ["artifact", {"name": "w", "kind": "adapter"}], )" +
              kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.Revoke(LeaseId(1));
  ASSERT_TRUE(NothingHeld());
  Touch("go");
  Offer(2, 0, {Job(2)});  // the slot is free when the runner of the first is gone
  EXPECT_EQ(End(2).error, ErrorClass::kNone);
  EXPECT_TRUE(coordinator_.Items<Metrics>(1).empty());
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
}

TEST_F(AgentTest, RevokedWhileUploadingEndsTheUpload) {
  std::atomic<bool> uploading = false, cancelled = false;
  artifacts_.on_put = [&](const Digest&, std::stop_token stop) -> Status {
    uploading = true;
    cancelled = !SleepFor(Millis(20'000), stop);
    return Unavailable("cancelled");
  };
  Offer(1, 0, {Job(1)});
  Start();
  for (int i = 0; i < 1000 && !uploading; ++i) usleep(5000);
  ASSERT_TRUE(uploading);
  coordinator_.Revoke(LeaseId(1));
  for (int i = 0; i < 600 && !cancelled; ++i) usleep(5000);
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(NothingHeld());
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
}

TEST_F(AgentTest, ASlowUploadDoesNotStopTheReadingOfEvents) {
  std::atomic<bool> release = false;
  artifacts_.on_put = [&](const Digest&, std::stop_token stop) {
    while (!release && !stop.stop_requested()) SleepFor(Millis(5), stop);
    return OkStatus();
  };
  Offer(1, 0,
        {Job(1, std::string(kStarted) + R"(, ["checkpoint", 1], ["flood", 20000],
               ["emit", {"event": "metric", "series": "after", "step": 1, "value": 2}], ["artifact", {"name": "w", "kind": "adapter"}], )" +
                    kDone)});
  Start();
  EXPECT_TRUE(coordinator_.WaitForItem<Metrics>(1));
  EXPECT_TRUE(coordinator_.Items<CheckpointMade>(1).empty());
  release = true;
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  EXPECT_EQ(coordinator_.Items<CheckpointMade>(1).size(), 1u);
}

TEST_F(AgentTest, AStaleVerdictStopsTheJob) {
  Offer(1, 0,
        {Job(1, R"(["grandchild", {"pid_file": ")" + Path("pid") + R"("}], )" + kStarted +
                    R"(, ["sleep", 60000])"),
         Job(2)});
  coordinator_.MakeStale({JobId(1), 1});
  Start();
  const pid_t pid = ReadPid("pid");
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(GoneWithin(pid, 3000));
  EXPECT_EQ(End(2).error, ErrorClass::kPreempted);
  EXPECT_TRUE(coordinator_.Items<Finished>(1).empty());
  EXPECT_TRUE(NothingHeld());
}

TEST_F(AgentTest, AFullDiskOnFetchIsAnIoError) {
  artifacts_.on_get = [](const Digest&, const std::string& path, std::stop_token) {
    return ErrnoStatus(ENOSPC, path);
  };
  GrantJob job = Job(1);
  job.inputs = {artifacts_.Add("data/train", "rows")};
  Offer(1, 0, {job});
  Start();
  const Finished end = End(1);
  EXPECT_EQ(end.error, ErrorClass::kIo);
  EXPECT_THAT(end.message, HasSubstr("data/train"));
  EXPECT_THAT(end.message, HasSubstr("No space left"));
}

TEST_F(AgentTest, AnInputThatDoesNotFitIsRefusedBeforeItIsFetched) {
  GrantJob job = Job(1);
  job.inputs = {artifacts_.Add("data/train", "rows")};
  job.inputs[0].size = int64_t{1} << 60;
  Offer(1, 0, {job});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kIo);
  EXPECT_THAT(End(1).message, HasSubstr("--cache"));
  EXPECT_EQ(artifacts_.gets, 0);
}

TEST_F(AgentTest, ADamagedDownloadIsRepeatedAndThenGivenUp) {
  std::atomic<int> damaged = 2;
  artifacts_.on_get = [&](const Digest&, const std::string& path, std::stop_token) -> Status {
    if (damaged-- <= 0) return OkStatus();
    std::ofstream(path) << "other bytes";
    return Unavailable("connection reset");
  };
  GrantJob job = Job(1);
  job.inputs = {artifacts_.Add("data/train", "rows")};
  job.resume = artifacts_.Add("checkpoint", "gone");
  job.resume->digest = DigestOf("not stored anywhere");
  Offer(1, 0, {job});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kNone)
      << End(1).message;  // without its checkpoint, from the beginning
  EXPECT_EQ(artifacts_.gets, 2);
}

TEST_F(AgentTest, OnlyTheNewestCheckpointStaysHere) {
  Offer(1, 0,
        {Job(1, std::string(kStarted) +
                    R"(, ["checkpoint", 1], ["checkpoint", 2], ["checkpoint", 3], )" + Until("go") +
                    ", " + kDone)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<CheckpointMade>(1, 3));
  const auto made = coordinator_.Items<CheckpointMade>(1);
  EXPECT_EQ(made[2].metrics, R"({"loss":0.5})");
  for (const auto& checkpoint : made) EXPECT_TRUE(artifacts_.Holds(checkpoint.artifact.digest));
  for (int i = 0; i < 400 && cache_->Bytes() > made[2].artifact.size; ++i) usleep(5000);
  EXPECT_EQ(cache_->Bytes(), made[2].artifact.size);
  Touch("go");
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
}

TEST_F(AgentTest, DrainLetsTheRunnerCheckpointAndLeaves) {
  Offer(1, 0, {Job(1, std::string(kStarted) + R"(, ["sleep", 60000])"), Job(2)});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  agent_->Drain();
  EXPECT_TRUE(Join().ok());
  EXPECT_EQ(coordinator_.Items<CheckpointMade>(1).at(0).step, 99);
  EXPECT_EQ(End(1).error, ErrorClass::kPreempted);
  EXPECT_EQ(End(2).error, ErrorClass::kPreempted);
  EXPECT_EQ(coordinator_.leaves, 1);
}

TEST_F(AgentTest, DrainEndsEvenWhenTheCoordinatorIsAway) {
  options_.lease.stop_grace = Millis(500);
  options_.leave_timeout = Millis(300);
  Offer(1, 0, {Job(1, std::string(kStarted) + R"(, ["sleep", 60000])")});
  Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  coordinator_.SetError(Unavailable("gone"));
  agent_->Drain();
  EXPECT_TRUE(Join().ok());
}

TEST_F(AgentTest, KillNowLeavesAtOnce) {
  Offer(1, 0,
        {Job(1, R"(["ignore_term"], ["grandchild", {"session": true, "pid_file": ")" + Path("pid") +
                    R"("}], )" + kStarted + R"(, ["sleep", 60000])")});
  Start();
  const pid_t pid = ReadPid("pid");
  agent_->Drain();
  agent_->KillNow();
  EXPECT_EQ(Join().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(GoneWithin(pid, 1000));
}

TEST_F(AgentTest, AWrongTokenEndsTheWorkerAtOnce) {
  coordinator_.SetError(Unauthenticated("the token is not known"));
  Start();
  const Status status = Join();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(coordinator_.syncs, 1);
}

TEST_F(AgentTest, WithoutWaitingAMissingCoordinatorIsAnError) {
  options_.wait_for_coordinator = false;
  coordinator_.SetError(Unavailable("connection refused"));
  Start();
  EXPECT_EQ(Join().code(), absl::StatusCode::kUnavailable);
}

TEST_F(AgentTest, AMissingCoordinatorIsWaitedFor) {
  coordinator_.SetError(Unavailable("connection refused"));
  Offer(1, 0, {Job(1)});
  Start();
  ASSERT_TRUE(coordinator_.WaitFor([&] { return coordinator_.syncs >= 3; }));
  coordinator_.SetError(OkStatus());
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
}

TEST_F(AgentTest, AnIdleWorkerLeaves) {
  options_.idle_timeout = Millis(150);
  Start();
  EXPECT_TRUE(Join().ok());
  EXPECT_EQ(coordinator_.leaves, 1);
}

TEST_F(AgentTest, AGrantThatCannotBeServedIsAnsweredNotIgnored) {
  Offer(1, 9, {Job(1)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kInternal);
  EXPECT_THAT(End(1).message, HasSubstr("slot 9"));
}

TEST_F(AgentTest, AMissingRunnerIsSaid) {
  options_.lease.runner = Path("eida-runner");
  Offer(1, 0, {Job(1), Job(2)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kCrashed);
  EXPECT_THAT(End(1).message, HasSubstr(Path("eida-runner")));
  EXPECT_EQ(End(2).error, ErrorClass::kPreempted);
}

TEST_F(AgentTest, TheRunnersLogIsBounded) {
  options_.lease.max_log_lines = 50;
  Offer(1, 0, {Job(1, std::string(kStarted) + R"(, ["flood", 5000], )" + kDone)});
  Start();
  EXPECT_EQ(End(1).error, ErrorClass::kNone);
  const auto lines = coordinator_.Items<LogText>(1);
  ASSERT_LE(lines.size(), 50u);
  EXPECT_THAT(lines.back().text, HasSubstr("cut here"));
}

}  // namespace
}  // namespace eida::agent
