// The ordering law, without a network and with a commit that the test holds in its hands.
#include "server/app/loop.h"

#include <atomic>
#include <future>

#include "gmock/gmock.h"
#include "server/app/live_scheduler.h"
#include "server/sched/recover.h"
#include "server/sched/view.h"

namespace eida::app {
namespace {

AddSweep OneJob(const std::string& key = "") {
  AddSweep plan;
  plan.sweep.name = "x";
  plan.sweep.fingerprint = Fingerprint("plan");
  plan.sweep.idempotency_key = key;
  JobRecord job;
  job.spec.id = JobId(1);
  job.spec.kind = JobKind::kTrain;
  job.spec.name = "train/a";
  job.spec.spec = "{}";
  plan.jobs.push_back(job);
  return plan;
}

class LoopTest : public ::testing::Test {
 protected:
  void Start() {
    sched::RecordingEffects effects;
    sched::Core core = sched::Recover({}, effects, Clock::System().Read());
    Loop::Options options;
    options.commit = [this](const std::vector<Change>& changes) {
      ++commits_;
      if (hold_) (commits_ == 2 && second_ ? *second_ : release_).get_future().wait();
      return commit_status_;
    };
    options.fatal = [this](const Status& status) { fatal_.set_value(status); };
    loop_.emplace(std::move(core), std::move(options), Clock::System());
    scheduler_.emplace(*loop_, metrics_);
    loop_->Start(*scheduler_);
  }
  ~LoopTest() override {
    if (loop_) loop_->Stop();
  }

  telemetry::CoordinatorMetrics metrics_;
  std::atomic<int> commits_{0};
  std::atomic<bool> hold_ = false;
  std::promise<void> release_;
  std::optional<std::promise<void>> second_;  // holds the second commit
  Status commit_status_;
  std::promise<Status> fatal_;
  std::optional<Loop> loop_;
  std::optional<LiveScheduler> scheduler_;
};

TEST_F(LoopTest, NoReplyLeavesBeforeTheCommit) {
  hold_ = true;
  Start();
  std::promise<Result<service::Submitted>> submitted;
  auto answer = submitted.get_future();
  scheduler_->Submit(OneJob(), false, [&](Result<service::Submitted> result) {
    submitted.set_value(std::move(result));
  });
  EXPECT_EQ(answer.wait_for(Millis(200)), std::future_status::timeout);
  EXPECT_EQ(commits_, 1);
  release_.set_value();
  ASSERT_EQ(answer.wait_for(Millis(5'000)), std::future_status::ready);
  EXPECT_EQ(answer.get()->sweep, SweepId(1));
}

TEST_F(LoopTest, AParkedWorkerLearnsOfItsLeaseOnlyAfterTheCommit) {
  Start();
  SyncRequest sync;
  sync.worker.id = WorkerId("w");
  sync.worker.session = "s";
  sync.worker.slots = {{0, "cpu", {0}}};
  sync.wait = Millis(4'000);
  std::promise<Result<SyncReply>> synced;
  auto view = synced.get_future();
  scheduler_->Sync(sync, [&](Result<SyncReply> reply) { synced.set_value(std::move(reply)); });
  EXPECT_EQ(view.wait_for(Millis(200)), std::future_status::timeout);
  hold_ = true;
  scheduler_->Submit(OneJob(), false, [](const Result<service::Submitted>&) {});
  EXPECT_EQ(view.wait_for(Millis(200)), std::future_status::timeout);
  hold_ = false;
  release_.set_value();
  ASSERT_EQ(view.wait_for(Millis(5'000)), std::future_status::ready);
  EXPECT_EQ(view.get()->grants.size(), 1u);
}

TEST_F(LoopTest, AFailedCommitEndsTheProcessAndNothingIsAnswered) {
  commit_status_ = Internal("disk I/O error");
  Start();
  std::atomic<int> answers{0};
  scheduler_->Submit(OneJob(), false, [&](const Result<service::Submitted>&) { ++answers; });
  auto fatal = fatal_.get_future();
  ASSERT_EQ(fatal.wait_for(Millis(5'000)), std::future_status::ready);
  EXPECT_THAT(Message(fatal.get()), ::testing::HasSubstr("disk I/O error"));
  loop_->Stop();
  EXPECT_EQ(answers, 0);
}

TEST_F(LoopTest, WhatWaitsIsCommittedTogether) {
  hold_ = true;
  Start();
  std::atomic<int> answers{0};
  const auto count = [&](const Result<service::Submitted>& result) { answers += result.ok(); };
  scheduler_->Submit(OneJob("first"), false, count);
  while (commits_ == 0) std::this_thread::yield();
  for (int i = 0; i < 50; ++i) scheduler_->Submit(OneJob("key" + std::to_string(i)), false, count);
  hold_ = false;
  release_.set_value();
  loop_->Stop();
  EXPECT_EQ(answers, 51);
  EXPECT_EQ(commits_, 2);
}

TEST_F(LoopTest, AQuestionCommitsNothing) {
  Start();
  std::promise<int> asked;
  scheduler_->Totals(
      [&](const Result<service::TotalsLive>& totals) { asked.set_value(totals->workers); });
  EXPECT_EQ(asked.get_future().get(), 0);
  EXPECT_EQ(commits_, 0);
}

TEST_F(LoopTest, WhoeverAsksSeesOnlyWhatIsDurable) {
  hold_ = true;
  Start();
  scheduler_->Submit(OneJob("first"), false, [](const Result<service::Submitted>&) {});
  while (commits_ == 0) std::this_thread::yield();
  scheduler_->Submit(OneJob("second"), false, [](const Result<service::Submitted>&) {});
  std::atomic<int> seen{-1};
  const auto count = [&](const sched::Core& core) { seen = sched::TotalsOf(core).sweeps; };
  EXPECT_FALSE(loop_->Ask(count, Millis(0)));  // it waits in one batch with the second one
  second_.emplace();
  release_.set_value();
  while (commits_ < 2) std::this_thread::yield();
  std::this_thread::sleep_for(Millis(100));
  EXPECT_EQ(seen, -1);
  second_->set_value();
  EXPECT_TRUE(loop_->Ask(count, Millis(5'000)));
  EXPECT_EQ(seen, 2);
}

TEST_F(LoopTest, AfterTheStopEverybodyIsToldToTryAgain) {
  Start();
  loop_->Stop();
  Status status;
  scheduler_->Submit(OneJob(), false,
                     [&](const Result<service::Submitted>& result) { status = result.status(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  scheduler_->Sync({}, [&](const Result<SyncReply>& reply) { status = reply.status(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace eida::app
