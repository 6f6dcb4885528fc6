#include "worker/agent/spool.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace eida::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Spool::Key kJob{JobId(1), 1};
constexpr size_t kBytes = 1 << 20, kReports = 100;

std::vector<ReportVerdict> AllAccepted(const std::vector<JobReport>& batch) {
  return std::vector<ReportVerdict>(batch.size(), ReportVerdict::kAccepted);
}

TEST(SpoolTest, ItemsAreResentUntilTheyAreAcknowledged) {
  Spool spool;
  spool.Add(kJob, Started{});
  ASSERT_EQ(spool.Take(kBytes, kReports).at(0).items.size(), 1u);
  spool.Add(kJob, LogText{1, {}, "x"});
  const auto batch = spool.Take(kBytes, kReports);
  ASSERT_EQ(batch.at(0).items.size(), 2u);
  spool.Add(kJob, LogText{2, {}, "y"});
  EXPECT_THAT(spool.Acknowledge(batch, AllAccepted(batch)), IsEmpty());
  const auto rest = spool.Take(kBytes, kReports);
  ASSERT_EQ(rest.at(0).items.size(), 1u);
  EXPECT_EQ(std::get<LogText>(rest[0].items[0]).seq, 2);
  spool.Acknowledge(rest, AllAccepted(rest));
  EXPECT_TRUE(spool.Empty());
  EXPECT_THAT(spool.Take(kBytes, kReports), IsEmpty());
}

TEST(SpoolTest, WaitingProgressIsReplacedAndMetricsJoin) {
  Spool spool;
  for (int i = 0; i < 100; ++i) {
    spool.Add(kJob, Progress{i, 100, "step"});
    spool.Add(kJob, Metrics{{{"loss", i, 1.0}}});
  }
  const auto batch = spool.Take(kBytes, kReports);
  ASSERT_EQ(batch.at(0).items.size(), 2u);
  EXPECT_EQ(std::get<Progress>(batch[0].items[0]).done, 99);
  EXPECT_EQ(std::get<Metrics>(batch[0].items[1]).points.size(), 100u);
  // What was given out may have arrived: it is never changed.
  spool.Add(kJob, Progress{100, 100, "step"});
  spool.Add(kJob, Metrics{{{"loss", 100, 1.0}}});
  const auto again = spool.Take(kBytes, kReports);
  ASSERT_EQ(again.at(0).items.size(), 4u);
  EXPECT_EQ(std::get<Metrics>(again[0].items[1]).points.size(), 100u);
}

TEST(SpoolTest, AnEndTakesThePlaceOfAllThatWaitsOnce) {
  Spool spool;
  spool.Add(kJob, LogText{1, {}, "x"});
  spool.Add(kJob, Finished{});
  spool.Take(kBytes, kReports);
  spool.EndInstead(kJob, Finished{ErrorClass::kIo, "gone", "", {}});
  spool.Add(kJob, LogText{2, {}, "late"});
  EXPECT_TRUE(spool.Urgent());
  const auto batch = spool.Take(kBytes, kReports);
  ASSERT_EQ(batch.at(0).items.size(), 1u);
  EXPECT_EQ(std::get<Finished>(batch[0].items[0]).error, ErrorClass::kIo);
  spool.EndInstead(kJob, Finished{});
  EXPECT_TRUE(spool.Empty());
  EXPECT_FALSE(spool.Urgent());
}

TEST(SpoolTest, NothingFollowsFinished) {
  Spool spool;
  spool.Add(kJob, Finished{});
  EXPECT_TRUE(spool.Urgent());
  spool.Add(kJob, LogText{1, {}, "late"});
  const auto batch = spool.Take(kBytes, kReports);
  EXPECT_EQ(batch.at(0).items.size(), 1u);
  spool.Acknowledge(batch, AllAccepted(batch));
  EXPECT_FALSE(spool.Urgent());
}

TEST(SpoolTest, AStaleAttemptIsForgottenForGood) {
  Spool spool;
  spool.Add(kJob, Started{});
  const auto batch = spool.Take(kBytes, kReports);
  spool.Add(kJob, Finished{});
  EXPECT_THAT(spool.Acknowledge(batch, {ReportVerdict::kStale}), ElementsAre(kJob));
  spool.Add(kJob, Finished{});
  EXPECT_TRUE(spool.Empty(kJob));
  EXPECT_FALSE(spool.Urgent());
}

TEST(SpoolTest, ForgettingDuringACallIsSafe) {
  Spool spool;
  spool.Add(kJob, Started{});
  spool.Add(kJob, Finished{});
  const auto batch = spool.Take(kBytes, kReports);
  spool.Forget(kJob);
  EXPECT_THAT(spool.Acknowledge(batch, AllAccepted(batch)), IsEmpty());
  EXPECT_TRUE(spool.Empty());
  EXPECT_FALSE(spool.Urgent());
}

TEST(SpoolTest, AFloodOfLogLinesKeepsTheNewest) {
  Spool spool(3);
  for (int i = 1; i <= 10; ++i) spool.Add(kJob, LogText{i, {}, "x"});
  auto batch = spool.Take(kBytes, kReports);
  ASSERT_EQ(batch.at(0).items.size(), 3u);
  EXPECT_EQ(std::get<LogText>(batch[0].items[0]).seq, 8);
  for (int i = 11; i <= 20; ++i) spool.Add(kJob, LogText{i, {}, "x"});
  batch = spool.Take(kBytes, kReports);
  ASSERT_EQ(batch.at(0).items.size(), 6u);  // three given out before, three newest
  EXPECT_EQ(std::get<LogText>(batch[0].items[3]).seq, 18);
}

TEST(SpoolTest, BatchesAreBounded) {
  Spool spool;
  for (int job = 1; job <= 5; ++job) {
    for (int i = 0; i < 10; ++i) spool.Add({JobId(job), 1}, LogText{i, {}, std::string(1000, 'x')});
  }
  EXPECT_EQ(spool.Take(kBytes, 2).size(), 2u);
  size_t rounds = 0, items = 0;
  while (!spool.Empty()) {
    const auto batch = spool.Take(5000, kReports);
    for (const auto& report : batch) items += report.items.size();
    spool.Acknowledge(batch, AllAccepted(batch));
    ++rounds;
  }
  EXPECT_EQ(items, 50u);
  EXPECT_GE(rounds, 5u);
}

}  // namespace
}  // namespace eida::agent
