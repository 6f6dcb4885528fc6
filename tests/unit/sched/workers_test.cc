#include "tests/unit/sched/fixture.h"

namespace eida::testing {
namespace {

using WorkersTest = SchedTest;

TEST_F(WorkersTest, AGrantCarriesAllThatTheRunnerNeeds) {
  AddSweep plan = APlan({AJob("a"), AJob("b", {1})});
  plan.jobs[1].spec.inputs = {{"model/config.json", Digest(std::string(64, 'c'))}};
  Submit(plan);
  Sync("w1");
  Report("w1", JobId(1), 1, {Success()});
  const SyncReply reply = Sync("w1");
  ASSERT_EQ(reply.grants.size(), 1u);
  const GrantJob& job = reply.grants[0].jobs.at(0);
  EXPECT_EQ(job.name, "s1/b");
  EXPECT_EQ(job.spec, "{\"name\":\"b\"}");
  EXPECT_EQ(job.attempt, 1);
  ASSERT_EQ(job.inputs.size(), 2u);
  EXPECT_EQ(job.inputs[0].name, "model/config.json");
  EXPECT_EQ(job.inputs[0].digest.str(), std::string(64, 'c'));
  EXPECT_EQ(job.inputs[1].name, "in/1");
  EXPECT_EQ(job.inputs[1].digest.str(), std::string(64, 'a'));
  EXPECT_FALSE(job.resume.has_value());
  EXPECT_EQ(reply.lease_ttl, Millis(15'000));
}

TEST_F(WorkersTest, WhatIsHeldIsNotGrantedAgainAndWhatIsNotItsOwnIsRevoked) {
  Submit(APlan({AJob("a")}));
  const SyncReply first = Sync("w1");
  EXPECT_EQ(Sync("w1").grants.size(), 1u);
  const SyncReply held = Sync("w1", 1, {first.grants[0].lease, LeaseId(77)});
  EXPECT_TRUE(held.grants.empty());
  EXPECT_EQ(held.revoked, std::vector<LeaseId>{LeaseId(77)});
  EXPECT_EQ(Sync("w2", 1, {first.grants[0].lease}).revoked.size(), 1u);
}

TEST_F(WorkersTest, ASteadySyncPersistsNothing) {
  Submit(APlan({AJob("a")}));
  const LeaseId lease = Sync("w1").grants.at(0).lease;
  Commit();
  Sync("w1", 1, {lease});
  EXPECT_TRUE(world.out.empty());
}

TEST_F(WorkersTest, OnlyHeldLeasesAreRenewed) {
  Submit(APlan({AJob("a"), AJob("b")}));
  const SyncReply reply = Sync("w1", 2);
  ASSERT_EQ(reply.grants.size(), 2u);
  Advance(10'000);
  Sync("w1", 2, {reply.grants[0].lease});
  Advance(5'000);
  EXPECT_EQ(StateOf(1), JobState::kLeased);
  EXPECT_EQ(StatusOf(2).free_failures, 1);
  EXPECT_EQ(StatusOf(2).attempt, 2);
}

TEST_F(WorkersTest, AnOldProcessThatSpeaksAgainIsToldToStopAndChangesNothing) {
  Submit(APlan({AJob("a")}));
  const LeaseId old = Sync("w1", 1, {}, "old").grants.at(0).lease;
  const LeaseId lease = Sync("w1", 1, {}, "new").grants.at(0).lease;
  EXPECT_NE(lease, old);
  Commit();
  const SyncReply reply = Sync("w1", 1, {old, lease}, "old");
  EXPECT_TRUE(world.out.empty());
  EXPECT_TRUE(reply.grants.empty());
  EXPECT_EQ(reply.revoked.size(), 2u);
  EXPECT_EQ(StatusOf(1).attempt, 2);
}

TEST_F(WorkersTest, SilenceMakesAWorkerLostAndItsReturnIsNoted) {
  Sync("w1");
  Advance(15'000);
  EXPECT_EQ(sched::Workers(core()).at(0).record.state, WorkerState::kLost);
  Submit(APlan({AJob("a")}));
  EXPECT_EQ(StateOf(1), JobState::kReady);
  EXPECT_EQ(Sync("w1").grants.size(), 1u);
  EXPECT_EQ(sched::Workers(core()).at(0).record.state, WorkerState::kBusy);
}

TEST_F(WorkersTest, NotifyNamesTheWorkerThatHasSomethingToLearn) {
  Sync("w1");
  Sync("w2");
  Commit();
  Submit(APlan({AJob("a")}));
  ASSERT_EQ(world.out.notified.size(), 1u);
  const std::string name = world.out.notified[0].str();
  const LeaseId lease = Sync(name).grants.at(0).lease;
  Commit();
  ASSERT_TRUE(sched::OnCancel(core(), world.out, SweepId(1), {}, world.now()).ok());
  EXPECT_EQ(world.out.notified, std::vector<WorkerId>{WorkerId(name)});
  EXPECT_EQ(Sync(name, 1, {lease}).revoked, std::vector<LeaseId>{lease});
}

TEST_F(WorkersTest, LeaveOfAnotherSessionIsIgnored) {
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Commit();
  sched::OnLeave(core(), world.out, WorkerId("w1"), "other", world.now());
  sched::OnLeave(core(), world.out, WorkerId("nobody"), "1", world.now());
  EXPECT_TRUE(world.out.empty());
}

TEST_F(WorkersTest, DrainOfAnUnknownWorkerIsNotFoundAndOfADrainedOneSilent) {
  EXPECT_EQ(sched::OnDrain(core(), world.out, WorkerId("w9"), true, world.now()).code(),
            absl::StatusCode::kNotFound);
  Sync("w1");
  ASSERT_TRUE(sched::OnDrain(core(), world.out, WorkerId("w1"), true, world.now()).ok());
  Commit();
  ASSERT_TRUE(sched::OnDrain(core(), world.out, WorkerId("w1"), true, world.now()).ok());
  EXPECT_TRUE(world.out.empty());
}

TEST_F(WorkersTest, AWorkerWithoutNameOrSessionIsNotTakenIn) {
  Sync("");
  Sync("w1", 1, {}, "");
  EXPECT_TRUE(world.out.empty());
  EXPECT_TRUE(core().workers.empty());
}

TEST_F(WorkersTest, NextWakeIsTheEarliestThingThatTimeBrings) {
  EXPECT_EQ(sched::NextWake(core()), TimePoint::Never());
  const TimePoint start = world.now().mono;
  Sync("w1");
  EXPECT_EQ(sched::NextWake(core()), start + Millis(15'000));
  world.clock.Advance(Millis(5'000));
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Report("w1", JobId(1), 1, {Failure(ErrorClass::kCrashed)});
  EXPECT_EQ(sched::NextWake(core()), start + Millis(6'000));
  world.clock.JumpWall(Millis(-3'600'000));
  Advance(1'000);
  EXPECT_EQ(StatusOf(1).attempt, 2);
}

}  // namespace
}  // namespace eida::testing
