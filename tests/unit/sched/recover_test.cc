#include "tests/unit/sched/fixture.h"

namespace eida::testing {
namespace {

using RecoverTest = SchedTest;

TEST_F(RecoverTest, AnEmptySnapshotIsAFreshStart) {
  EXPECT_TRUE(world.out.empty());
  EXPECT_TRUE(core().CheckInvariants().ok());
  EXPECT_EQ(sched::NextWake(core()), TimePoint::Never());
}

TEST_F(RecoverTest, ARestartIsSilentAndKeepsEveryState) {
  Submit(APlan({AJob("a"), AJob("b", {1}), AJob("c"), AJob("d")}));
  Sync("w1", 2);
  Report("w1", JobId(1), 1, {Started{}});
  Report("w1", JobId(3), 1, {Failure(ErrorClass::kCrashed)});
  Commit();
  const auto before = world.store.jobs();
  world.Restart();
  EXPECT_TRUE(world.out.empty());
  for (const auto& [id, job] : before) {
    EXPECT_EQ(sched::FindJob(core(), id)->status.state, job.status.state) << id;
    EXPECT_EQ(sched::FindJob(core(), id)->status.attempt, job.status.attempt) << id;
  }
  EXPECT_EQ(core().leases.size(), 2u);
}

TEST_F(RecoverTest, LeasesGetAFreshDeadlineAndExpireTheOrdinaryWay) {
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Commit();
  world.clock.Advance(Millis(3'600'000));
  world.Restart();
  EXPECT_EQ(StateOf(1), JobState::kLeased);
  Advance(14'999);
  EXPECT_EQ(StateOf(1), JobState::kLeased);
  Advance(1);
  EXPECT_EQ(StateOf(1), JobState::kReady);
  EXPECT_EQ(StatusOf(1).free_failures, 1);
}

TEST_F(RecoverTest, TheSameSessionMayReportAfterTheRestart) {
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Commit();
  world.Restart();
  EXPECT_EQ(Report("w1", JobId(1), 1, {Success()}), ReportVerdict::kAccepted);
  EXPECT_EQ(StateOf(1), JobState::kSucceeded);
}

TEST_F(RecoverTest, NoLeaseIsGrantedBeforeTheWorkerSpeaks) {
  Sync("w1");
  Commit();
  world.Restart();
  Submit(APlan({AJob("a")}));
  EXPECT_EQ(StateOf(1), JobState::kReady);
  EXPECT_EQ(Sync("w1").grants.size(), 1u);
}

TEST_F(RecoverTest, AWorkerThatDoesNotComeBackIsLost) {
  Sync("w1");
  Commit();
  world.Restart();
  Advance(14'999);
  EXPECT_EQ(sched::Workers(core()).at(0).record.state, WorkerState::kIdle);
  Advance(1);
  EXPECT_EQ(sched::Workers(core()).at(0).record.state, WorkerState::kLost);
}

TEST_F(RecoverTest, NumbersGoOnWhereTheyWere) {
  Submit(APlan({AJob("a"), AJob("b")}));
  Sync("w1");
  Commit();
  world.Restart();
  const LeaseId before = core().leases.begin()->first;
  EXPECT_EQ(Submit(APlan({AJob("x")})), SweepId(2));
  EXPECT_NE(sched::FindJob(core(), JobId(3)), nullptr);
  Sync("w2");
  for (const auto& [id, lease] : core().leases) EXPECT_GE(id, before);
  EXPECT_EQ(core().leases.size(), 2u);
}

TEST_F(RecoverTest, WhatWasNotCommittedNeverHappened) {
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Commit();
  Report("w1", JobId(1), 1, {Success()});
  EXPECT_EQ(StateOf(1), JobState::kSucceeded);
  world.Restart();
  EXPECT_EQ(StateOf(1), JobState::kLeased);
  EXPECT_EQ(Report("w1", JobId(1), 1, {Success()}), ReportVerdict::kAccepted);
  Commit();
  EXPECT_EQ(world.store.accepted_results(), 1);
}

TEST_F(RecoverTest, BackoffSurvivesAndAWallClockJumpCannotStretchItBeyondItsLimit) {
  AddSweep plan = APlan({AJob("a")});
  plan.sweep.retries.max_backoff = Millis(10'000);
  Submit(plan);
  Sync("w1");
  Report("w1", JobId(1), 1, {Failure(ErrorClass::kCrashed)});
  Commit();
  world.clock.JumpWall(Millis(-86'400'000));
  world.Restart();
  EXPECT_EQ(StateOf(1), JobState::kBackoff);
  Advance(10'000);
  EXPECT_EQ(StateOf(1), JobState::kReady);
}

TEST_F(RecoverTest, TalliesAreTheSameAfterARestart) {
  Submit(APlan({AJob("a"), AJob("b")}));
  Sync("w1", 2);
  Report("w1", JobId(1), 1, {Started{}});
  Report("w1", JobId(2), 1, {Started{}});
  world.clock.Advance(Millis(4000));
  Report("w1", JobId(1), 1, {Success()});
  Submit(APlan({AJob("a")}));
  Commit();
  const sched::KindTally before = sched::AllTallies(core())[1];
  world.Restart();
  const sched::KindTally after = sched::AllTallies(core())[1];
  EXPECT_EQ(after.by_state, before.by_state);
  EXPECT_EQ(after.finished_seconds, 4);
  EXPECT_EQ(after.finished_seconds, before.finished_seconds);
  EXPECT_EQ(after.finished_timed, before.finished_timed);
  EXPECT_EQ(after.reused, 1);
}

TEST_F(RecoverTest, AGangsSlotsAreTakenAgain) {
  AddSweep plan = APlan({AJob("wide"), AJob("a")});
  plan.jobs[0].spec.slots = 2;
  plan.jobs[0].spec.cost = 9;
  Submit(plan);
  Sync("w1", 4);
  Commit();
  world.Restart();
  EXPECT_EQ(core().leases.at(core().jobs.at(JobId(1)).lease).slots, (std::vector<int>{0, 1}));
  EXPECT_EQ(sched::Workers(core()).at(0).slots.at(1).jobs, std::vector<JobId>{JobId(1)});
  EXPECT_EQ(core().workers.at(WorkerId("w1")).free, 1);
}

using RecoverDeathTest = RecoverTest;

TEST_F(RecoverDeathTest, AnActiveJobWithoutAnOpenAttemptIsFatalAndNamed) {
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Commit();
  Snapshot snapshot = world.store.Load();
  snapshot.open_attempts.clear();
  EXPECT_DEATH(sched::Recover(snapshot, world.out, world.now()),
               "j1 is leased, but none of its attempts is open");
}

TEST_F(RecoverDeathTest, TwoLeasesOnOneSlotAreFatal) {
  Submit(APlan({AJob("a"), AJob("b")}));
  Sync("w1", 2);
  Commit();
  Snapshot snapshot = world.store.Load();
  for (AttemptRecord& attempt : snapshot.open_attempts) attempt.slots = {1};
  EXPECT_DEATH(sched::Recover(snapshot, world.out, world.now()),
               "slot 1 of worker w1, which is taken");
}

}  // namespace
}  // namespace eida::testing
