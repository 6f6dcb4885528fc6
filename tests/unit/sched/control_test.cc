#include "gmock/gmock.h"
#include "tests/unit/sched/fixture.h"

namespace eida::testing {
namespace {

class ControlTest : public SchedTest {
 protected:
  Result<int64_t> Cancel(std::vector<int64_t> jobs = {}, int64_t sweep = 1) {
    return sched::OnCancel(core(), world.out, SweepId(sweep), Ids(jobs), world.now());
  }
  Result<int64_t> Retry(std::vector<int64_t> jobs = {}, ErrorClass filter = ErrorClass::kNone) {
    return sched::OnRetry(core(), world.out, SweepId(1), Ids(jobs), filter, world.now());
  }
  static std::vector<JobId> Ids(const std::vector<int64_t>& numbers) {
    std::vector<JobId> ids;
    for (const int64_t n : numbers) ids.push_back(JobId(n));
    return ids;
  }
};

TEST_F(ControlTest, UnknownSweepsAndForeignJobsAreNotFoundAndNothingChanges) {
  Submit(APlan({AJob("a")}));
  Submit(APlan({AJob("b")}));
  Commit();
  EXPECT_EQ(Cancel({}, 9).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Cancel({2}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Cancel({1, 77}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Retry({2}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(world.out.empty());
}

TEST_F(ControlTest, CancelCountsWhatWasOpenAndIsIdempotent) {
  Submit(APlan({AJob("a"), AJob("b", {1}), AJob("c")}));
  EXPECT_EQ(Cancel({3}).value(), 1);
  EXPECT_EQ(Cancel().value(), 2);
  EXPECT_EQ(Cancel().value(), 0);
  EXPECT_EQ(StateOf(2), JobState::kCancelled);
}

TEST_F(ControlTest, RetryCountsEveryJobThatLeftATerminalState) {
  Submit(APlan({AJob("a"), AJob("b", {1}), AJob("c", {2}), AJob("d")}));
  Sync("w1", 2);
  Report("w1", JobId(1), 1, {Failure(ErrorClass::kData)});
  Report("w1", JobId(4), 1, {Success()});
  EXPECT_EQ(Retry({}, ErrorClass::kOom).value(), 0);
  EXPECT_EQ(Retry({4}).value(), 0);
  EXPECT_EQ(Retry().value(), 3);
  EXPECT_EQ(StateOf(4), JobState::kSucceeded);
  EXPECT_EQ(StatusOf(1).failures, 0);
  EXPECT_FALSE(StatusOf(2).cause);
  EXPECT_EQ(StatusOf(1).attempt, 2);
}

TEST_F(ControlTest, ASweepHasAnEndOnlyWhileItIsOver) {
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Report("w1", JobId(1), 1, {Failure(ErrorClass::kData)});
  EXPECT_EQ(sched::FindSweep(core(), SweepId(1))->finished, world.now().wall);
  EXPECT_EQ(StatusOf(1).finished, world.now().wall);
  EXPECT_EQ(Retry().value(), 1);
  EXPECT_EQ(sched::FindSweep(core(), SweepId(1))->finished, WallTime{});
  Commit();
  EXPECT_EQ(world.store.sweeps().at(SweepId(1)).finished, WallTime{});
}

TEST_F(ControlTest, ASkippedJobNamesTheAncestorThatFailed) {
  Submit(APlan({AJob("a"), AJob("b", {1}), AJob("c", {2})}));
  Sync("w1");
  Report("w1", JobId(1), 1, {Failure(ErrorClass::kNonfinite)});
  EXPECT_EQ(StatusOf(3).cause, JobId(1));
  EXPECT_EQ(StatusOf(3).error_message, "a failed (nonfinite)");
}

TEST_F(ControlTest, MaxFailuresSaysWhyTheSweepEnded) {
  AddSweep plan = APlan({AJob("a"), AJob("b")});
  plan.sweep.max_failures = 1;
  Submit(plan);
  Sync("w1");
  Report("w1", JobId(1), 1, {Failure(ErrorClass::kData)});
  EXPECT_EQ(StateOf(2), JobState::kCancelled);
  EXPECT_EQ(StatusOf(2).error_message, "max_failures: 1 jobs failed, the limit is 1");
  EXPECT_EQ(sched::FindSweep(core(), SweepId(1))->state, SweepState::kCancelled);
}

TEST_F(ControlTest, MaxFailuresInTheMiddleOfALostBundleEndsTheRestOnce) {
  std::vector<JobRecord> jobs;
  for (int i = 0; i < 4; ++i) {
    jobs.push_back(AJob("g" + std::to_string(i)));
    jobs.back().spec.kind = JobKind::kGram;
    jobs.back().spec.bundle_key = "k";
  }
  AddSweep plan = APlan(jobs);
  plan.sweep.max_failures = 2;
  plan.sweep.retries.max_free = 0;
  Submit(plan);
  EXPECT_EQ(Sync("w1").grants.at(0).jobs.size(), 4u);
  Advance(15'000);
  for (int64_t job = 1; job <= 4; ++job) EXPECT_EQ(StateOf(job), JobState::kFailed);
  EXPECT_TRUE(core().leases.empty());
}

TEST_F(ControlTest, ATrainingThatGaveUpSaysThatNoCheckpointWasLeft) {
  AddSweep plan = APlan({AJob("a")});
  plan.sweep.retries.max_free = 1;
  Submit(plan);
  for (int lost = 0; lost < 2; ++lost) {
    Sync("w1");
    Advance(15'000);
  }
  EXPECT_EQ(StateOf(1), JobState::kFailed);
  EXPECT_THAT(StatusOf(1).error_message,
              ::testing::EndsWith("(2 in a row without a checkpoint; checkpoint.every says how "
                                  "often one is written)"));
}

}  // namespace
}  // namespace eida::testing
