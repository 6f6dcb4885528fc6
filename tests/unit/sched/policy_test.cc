#include "server/sched/policy.h"

#include <gtest/gtest.h>

#include <array>

namespace eida::sched {
namespace {

TEST(RetryTest, ClassesThatNoRetryCanCureAreFinalAtOnce) {
  for (const ErrorClass error : {ErrorClass::kNonfinite, ErrorClass::kData, ErrorClass::kConfig}) {
    EXPECT_EQ(DecideRetry({}, error, 0, 0).verdict, Verdict::kGiveUp);
  }
}

TEST(RetryTest, TheSweepDecidesWhatIsFinal) {
  RetryPolicy policy;
  policy.never = {ErrorClass::kOom, ErrorClass::kWorkerLost};
  EXPECT_EQ(DecideRetry(policy, ErrorClass::kOom, 0, 0).verdict, Verdict::kGiveUp);
  EXPECT_EQ(DecideRetry(policy, ErrorClass::kWorkerLost, 0, 0).verdict, Verdict::kGiveUp);
  EXPECT_EQ(DecideRetry(policy, ErrorClass::kData, 0, 0).verdict, Verdict::kAgainLater);
}

TEST(RetryTest, LossesOfTheInfrastructureDoNotUseUpTheJobsOwnRetries) {
  for (const ErrorClass error :
       {ErrorClass::kWorkerLost, ErrorClass::kPreempted, ErrorClass::kIo}) {
    const RetryDecision decision = DecideRetry({}, error, 3, 19);
    EXPECT_TRUE(decision.free);
    EXPECT_NE(decision.verdict, Verdict::kGiveUp);
    EXPECT_EQ(DecideRetry({}, error, 0, 20).verdict, Verdict::kGiveUp);
  }
  EXPECT_EQ(DecideRetry({}, ErrorClass::kWorkerLost, 0, 0).verdict, Verdict::kAgainNow);
  EXPECT_EQ(DecideRetry({}, ErrorClass::kIo, 0, 5).delay, Millis(1000));
}

TEST(RetryTest, CountedFailuresWaitTwiceAsLongEachTimeUpToALimit) {
  RetryPolicy policy;
  policy.max = 100;
  policy.backoff = Millis(1000);
  policy.max_backoff = Millis(7000);
  const int64_t expected[] = {1000, 2000, 4000, 7000, 7000};
  for (int failures = 0; failures < 5; ++failures) {
    const RetryDecision decision = DecideRetry(policy, ErrorClass::kCrashed, failures, 0);
    EXPECT_EQ(decision.verdict, Verdict::kAgainLater);
    EXPECT_EQ(decision.delay.count(), expected[failures]);
  }
  EXPECT_EQ(DecideRetry(policy, ErrorClass::kCrashed, 99, 0).delay, Millis(7000));
  EXPECT_EQ(DecideRetry(policy, ErrorClass::kCrashed, 100, 0).verdict, Verdict::kGiveUp);
}

TEST(RetryTest, NoBackoffIsNow) {
  RetryPolicy policy;
  policy.backoff = Millis(0);
  EXPECT_EQ(DecideRetry(policy, ErrorClass::kOom, 2, 0).verdict, Verdict::kAgainNow);
}

TEST(BundleTest, TakesAsManyAsLeaveWorkForEverySlot) {
  EXPECT_EQ(BundleSize({.ready = 10, .total_slots = 4}), 3);
  EXPECT_EQ(BundleSize({.ready = 1000, .total_slots = 4}), 64);
  EXPECT_EQ(BundleSize({.ready = 3, .total_slots = 4}), 1);
  EXPECT_EQ(BundleSize({.ready = 5, .total_slots = 0}), 5);
}

TEST(BundleTest, LongJobsAreSharedOutEvenly) {
  EXPECT_EQ(BundleSize({.ready = 8, .total_slots = 2}), 4);
  EXPECT_EQ(BundleSize({.ready = 4, .active = 4, .total_slots = 2}), 4);
  EXPECT_EQ(BundleSize({.ready = 1, .active = 7, .total_slots = 2}), 1);
}

TEST(BundleTest, ASmallAllowanceIsSpreadOverTheFreeSlots) {
  EXPECT_EQ(BundleSize({.ready = 100, .total_slots = 2, .free_slots = 2, .allowance = 2}), 1);
  EXPECT_EQ(BundleSize({.ready = 100, .total_slots = 2, .free_slots = 2, .allowance = 10}), 5);
  EXPECT_EQ(BundleSize({.ready = 100, .total_slots = 2, .free_slots = 1, .allowance = 7}), 7);
}

TEST(SweepStateTest, RunningWhileAnythingIsOpenThenCancelledThenFailedThenSucceeded) {
  const auto with = [](std::initializer_list<JobState> states) {
    std::array<int64_t, 10> counts{};
    for (const JobState s : states) ++counts[static_cast<size_t>(s)];
    return SweepStateOf(counts);
  };
  EXPECT_EQ(with({}), SweepState::kSucceeded);
  EXPECT_EQ(with({JobState::kSucceeded}), SweepState::kSucceeded);
  EXPECT_EQ(with({JobState::kSucceeded, JobState::kFailed, JobState::kSkipped}),
            SweepState::kFailed);
  EXPECT_EQ(with({JobState::kFailed, JobState::kCancelled}), SweepState::kCancelled);
  for (const JobState open : {JobState::kBlocked, JobState::kReady, JobState::kBackoff,
                              JobState::kLeased, JobState::kRunning}) {
    EXPECT_EQ(with({open, JobState::kFailed, JobState::kCancelled}), SweepState::kRunning);
  }
}

TEST(WeightTest, DoublesWithEachStepOfPriority) {
  EXPECT_EQ(Weight(0), 1);
  EXPECT_EQ(Weight(3), 8);
  EXPECT_EQ(Weight(-1), 0.5);
  EXPECT_EQ(Weight(1'000'000), Weight(20));
}

}  // namespace
}  // namespace eida::sched
