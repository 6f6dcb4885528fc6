#include <algorithm>

#include "tests/unit/sched/fixture.h"

namespace eida::testing {
namespace {

using What = sched::CounterEvent::What;

class ReportTest : public SchedTest {
 protected:
  ReportTest() {
    Submit(APlan({AJob("a"), AJob("b", {1})}));
    Sync("w1");
    Commit();
    world.counted.clear();
  }
  int64_t Counted(What what) const {
    const auto& all = world.out.counted;
    return std::count_if(all.begin(), all.end(),
                         [what](const auto& event) { return event.what == what; });
  }
};

TEST_F(ReportTest, ResultJobAndChildAndSweepAreOneBatch) {
  EXPECT_EQ(Report("w1", JobId(1), 1, {Started{}, Success()}), ReportVerdict::kAccepted);
  EXPECT_EQ(Changes<AddArtifacts>(), 1);
  EXPECT_EQ(Changes<CloseAttempt>(), 1);
  EXPECT_EQ(StateOf(2), JobState::kLeased);
  EXPECT_EQ(Changes<OpenAttempt>(), 1);
  Commit();
  EXPECT_EQ(Report("w1", JobId(2), 1, {Success()}), ReportVerdict::kAccepted);
  EXPECT_EQ(Changes<UpdateSweep>(), 1);
}

TEST_F(ReportTest, AResendOfAnAcceptedEndIsAcceptedAndSilent) {
  Report("w1", JobId(1), 1, {Success()});
  Commit();
  EXPECT_EQ(Report("w1", JobId(1), 1, {Success()}), ReportVerdict::kAccepted);
  EXPECT_EQ(Report("w1", JobId(1), 1, {Started{}, Metrics{{{"x", 1, 1}}}, Success()}),
            ReportVerdict::kAccepted);
  EXPECT_EQ(Report("w1", JobId(1), 1, {Failure(ErrorClass::kOom)}), ReportVerdict::kAccepted);
  EXPECT_TRUE(world.out.empty());
  EXPECT_EQ(StateOf(1), JobState::kSucceeded);
}

TEST_F(ReportTest, WhatIsNotFromTheHolderOfTheNewestAttemptIsRefusedAndCounted) {
  EXPECT_EQ(Report("w1", JobId(1), 2, {Success()}), ReportVerdict::kStale);
  EXPECT_EQ(Report("w1", JobId(1), 0, {Success()}), ReportVerdict::kStale);
  EXPECT_EQ(Report("w2", JobId(1), 1, {Success()}), ReportVerdict::kStale);
  EXPECT_EQ(Report("w1", JobId(1), 1, {Success()}, "2"), ReportVerdict::kStale);
  EXPECT_EQ(Report("w1", JobId(2), 0, {Success()}), ReportVerdict::kStale);
  EXPECT_EQ(Report("w1", JobId(99), 1, {Success()}), ReportVerdict::kStale);
  EXPECT_EQ(Counted(What::kStale), 6);
  EXPECT_EQ(Changes<UpdateJob>() + Changes<AddArtifacts>() + Changes<CloseAttempt>(), 0);
  EXPECT_EQ(StateOf(1), JobState::kLeased);
}

TEST_F(ReportTest, TwoArtifactsOfOneNameFailTheJobAndNotTheCommit) {
  Finished twice = Success();
  twice.artifacts.push_back(twice.artifacts.front());
  EXPECT_EQ(Report("w1", JobId(1), 1, {Started{}, twice}), ReportVerdict::kAccepted);
  EXPECT_EQ(StatusOf(1).error, ErrorClass::kInternal);
  EXPECT_NE(StatusOf(1).error_message.find("two artifacts \"out\""), std::string::npos);
  Commit();
  EXPECT_EQ(StateOf(2), JobState::kBlocked);
}

TEST_F(ReportTest, MetricsOfAStaleAttemptAreNotKept) {
  EXPECT_EQ(Report("w1", JobId(1), 9, {Metrics{{{"x", 1, 1}}}, LogText{}}), ReportVerdict::kStale);
  EXPECT_TRUE(world.out.changes.empty());
}

TEST_F(ReportTest, EachItemIsKeptWhereItBelongs) {
  CheckpointMade checkpoint;
  checkpoint.step = 5;
  Report("w1", JobId(1), 1,
         {Started{}, Progress{3, 10, "steps"}, Metrics{{{"train/loss", 1, 0.5}}},
          LogText{1, {}, "hello"}, checkpoint});
  EXPECT_EQ(StateOf(1), JobState::kRunning);
  EXPECT_EQ(sched::ProgressOf(core(), JobId(1)).done, 3);
  EXPECT_EQ(Changes<AddMetrics>(), 1);
  EXPECT_EQ(Changes<AddLog>(), 1);
  EXPECT_EQ(Changes<AddCheckpoint>(), 1);
  Report("w1", JobId(1), 1, {Started{}});
  EXPECT_EQ(Changes<UpdateJob>(), 1);
}

TEST_F(ReportTest, NothingAfterTheEndIsRead) {
  Report("w1", JobId(1), 1, {Success(), Failure(ErrorClass::kOom), Metrics{{{"x", 1, 1}}}});
  EXPECT_EQ(StateOf(1), JobState::kSucceeded);
  EXPECT_EQ(Changes<AddMetrics>(), 0);
}

TEST_F(ReportTest, ProgressTellsWatchersAndPersistsNothing) {
  Report("w1", JobId(1), 1, {Progress{1, 2, ""}});
  EXPECT_TRUE(world.out.changes.empty());
  EXPECT_EQ(world.out.sweeps, std::vector<SweepId>{SweepId(1)});
}

TEST_F(ReportTest, OneVerdictPerReportInOrder) {
  const auto verdicts = sched::OnReport(
      core(), world.out, WorkerId("w1"), "1",
      {{JobId(1), 1, {Started{}}}, {JobId(2), 1, {Success()}}, {JobId(1), 1, {Success()}}},
      world.now());
  EXPECT_EQ(verdicts, (std::vector<ReportVerdict>{ReportVerdict::kAccepted, ReportVerdict::kStale,
                                                  ReportVerdict::kAccepted}));
}

TEST_F(ReportTest, RunTimeAndOutcomeAreCounted) {
  Report("w1", JobId(1), 1, {Started{}});
  world.clock.Advance(Millis(2500));
  world.out.counted.clear();
  Report("w1", JobId(1), 1, {Success()});
  ASSERT_GE(world.out.counted.size(), 1u);
  const sched::CounterEvent& finished = world.out.counted[0];
  EXPECT_EQ(finished.what, What::kFinished);
  EXPECT_EQ(finished.outcome, JobState::kSucceeded);
  EXPECT_EQ(finished.seconds, 2.5);
  EXPECT_EQ(Counted(What::kQueueWait), 1);
}

TEST_F(ReportTest, AnExpiredLeaseAndARetryAreCounted) {
  Advance(15'000);
  EXPECT_EQ(Counted(What::kLeaseExpired), 1);
  EXPECT_EQ(Counted(What::kRetry), 1);
  EXPECT_EQ(world.out.counted.at(0).kind, JobKind::kTrain);
}

}  // namespace
}  // namespace eida::testing
