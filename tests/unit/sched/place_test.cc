#include "tests/unit/sched/fixture.h"

namespace eida::testing {
namespace {

using PlaceTest = SchedTest;

std::vector<JobRecord> Many(int n, JobKind kind, const std::string& key,
                            const std::string& prefix = "p") {
  std::vector<JobRecord> jobs;
  for (int i = 0; i < n; ++i) {
    jobs.push_back(AJob(prefix + std::to_string(i)));
    jobs.back().spec.kind = kind;
    jobs.back().spec.bundle_key = key;
  }
  return jobs;
}

TEST_F(PlaceTest, EveryFreeSlotOfEveryLivingWorkerIsFilled) {
  Sync("w1", 3);
  Sync("w2", 2);
  Submit(APlan(Many(9, JobKind::kTrain, "")));
  EXPECT_EQ(core().leases.size(), 5u);
  EXPECT_EQ(sched::TotalsOf(core()).slots_busy, 5);
}

TEST_F(PlaceTest, SlotsOfOneWorkerAreDistinct) {
  Submit(APlan(Many(4, JobKind::kTrain, "")));
  std::set<int> slots;
  for (const Grant& grant : Sync("w1", 4).grants) slots.insert(grant.slots.at(0));
  EXPECT_EQ(slots, (std::set<int>{0, 1, 2, 3}));
}

TEST_F(PlaceTest, ABundleIsAtMostSixtyFourAndOnlyOfKindsThatShare) {
  Submit(APlan(Many(200, JobKind::kGram, "k")));
  EXPECT_EQ(Sync("w1").grants.at(0).jobs.size(), 64u);
  Submit(APlan(Many(10, JobKind::kSoup, "k", "t")));
  EXPECT_EQ(Sync("w2").grants.at(0).jobs.size(), 1u);
}

TEST_F(PlaceTest, TrainingJobsOfOneKeyAreSharedOutOverTheSlots) {
  Submit(APlan(Many(8, JobKind::kTrain, "k")));
  const SyncReply reply = Sync("w1", 2);
  ASSERT_EQ(reply.grants.size(), 2u);
  EXPECT_EQ(reply.grants[0].jobs.size(), 4u);
  EXPECT_EQ(reply.grants[1].jobs.size(), 4u);
}

TEST_F(PlaceTest, FewTrainingJobsLeaveNoSlotIdle) {
  Submit(APlan(Many(3, JobKind::kTrain, "k")));
  const SyncReply reply = Sync("w1", 4);
  ASSERT_EQ(reply.grants.size(), 3u);
  for (const Grant& grant : reply.grants) EXPECT_EQ(grant.jobs.size(), 1u);
}

TEST_F(PlaceTest, ATrainingJobThatFailedInAPackRunsAlone) {
  AddSweep plan = APlan(Many(5, JobKind::kTrain, "k"));
  plan.sweep.retries.backoff = Millis(0);
  Submit(plan);
  ASSERT_EQ(Sync("w1").grants.at(0).jobs.size(), 5u);
  for (const int id : {1, 2}) Report("w1", JobId(id), 1, {Failure(ErrorClass::kOom)});
  for (const int id : {3, 4, 5}) Report("w1", JobId(id), 1, {Failure(ErrorClass::kPreempted)});
  Sync("w2", 1);
  Sync("w3", 1);
  for (const int id : {1, 2}) {
    const auto& lease = core().leases.at(core().jobs.at(JobId(id)).lease);
    EXPECT_EQ(lease.open.size(), 1u) << id;
  }
  EXPECT_EQ(core().leases.at(core().jobs.at(JobId(3)).lease).open.size(), 2u);
}

JobRecord Gang(const std::string& name, int slots) {
  JobRecord job = AJob(name);
  job.spec.slots = slots;
  return job;
}

TEST_F(PlaceTest, AGangGetsAllItsSlotsOfOneWorkerOrNone) {
  Sync("w1", 1);
  Sync("w2", 2);
  Submit(APlan({Gang("wide", 3)}));
  EXPECT_TRUE(core().leases.empty()) << "three slots are free, but not of one worker";
  const SyncReply reply = Sync("w3", 4);
  ASSERT_EQ(reply.grants.size(), 1u) << "one grant, though it is on several slots";
  EXPECT_EQ(reply.grants[0].slots, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(sched::TotalsOf(core()).slots_busy, 3);
  EXPECT_EQ(sched::TotalsOf(core()).leases, 1);
  Report("w3", JobId(1), 1, {Success()});
  EXPECT_EQ(sched::TotalsOf(core()).slots_busy, 0);
}

TEST_F(PlaceTest, AGangTakesSlotsThatAreNotNeighbours) {
  AddSweep plan = APlan({AJob("a"), AJob("b"), AJob("c")});
  Sync("w1", 3);
  Submit(plan);
  AddSweep wide = APlan({Gang("wide", 2)});
  wide.sweep.fingerprint = Fingerprint("other");
  Submit(wide);
  Report("w1", JobId(1), 1, {Success()});
  EXPECT_EQ(StateOf(4), JobState::kReady);
  Report("w1", JobId(3), 1, {Success()});
  EXPECT_EQ(core().leases.at(core().jobs.at(JobId(4)).lease).slots, (std::vector<int>{0, 2}));
}

TEST_F(PlaceTest, AStreamOfSmallJobsDoesNotStarveAGang) {
  Sync("w1", 3);
  Sync("w2", 1);
  std::vector<JobRecord> small;
  for (int i = 0; i < 40; ++i) small.push_back(AJob("s" + std::to_string(i)));
  Submit(APlan(small));
  AddSweep wide = APlan({Gang("wide", 3)});
  wide.sweep.fingerprint = Fingerprint("other");
  Submit(wide);
  const JobId gang(41);
  // One small job ends at a time, so three slots are never free by chance.
  int ended = 0;
  for (; StateOf(41) == JobState::kReady && ended < 40; ++ended) {
    const JobId next = *core().sweeps.at(SweepId(1)).active.begin();
    const std::string worker = core().jobs.at(next).record.status.worker.str();
    Report(worker, next, 1, {Success()});
    ASSERT_TRUE(core().CheckInvariants().ok()) << core().CheckInvariants();
  }
  EXPECT_EQ(StateOf(41), JobState::kLeased);
  EXPECT_LE(ended, 4) << "the slots of one worker are kept as they come free";
  EXPECT_EQ(core().jobs.at(gang).record.status.worker, WorkerId("w1"));
  EXPECT_EQ(core().sweeps.at(SweepId(1)).active.size(), 1u) << "the other worker goes on";
}

TEST_F(PlaceTest, AGangThatNoWorkerIsLargeEnoughForHoldsNothingUp) {
  Sync("w1", 2);
  AddSweep wide = APlan({Gang("wide", 3)});
  wide.sweep.fingerprint = Fingerprint("other");
  Submit(wide);
  Submit(APlan(Many(4, JobKind::kTrain, "")));
  EXPECT_EQ(sched::TotalsOf(core()).slots_busy, 2);
  EXPECT_EQ(sched::WaitsFor(core(), core().jobs.at(JobId(1))),
            "needs 3 slots of one worker, and the largest has 2; start one with --slots 3 or more");
  EXPECT_EQ(sched::WaitingGangs(core(), SweepId(1)), std::vector<JobId>{JobId(1)});
  EXPECT_EQ(Sync("w2", 3).grants.at(0).jobs.at(0).job, JobId(1));
  EXPECT_EQ(sched::WaitsFor(core(), core().jobs.at(JobId(1))), "");
}

TEST_F(PlaceTest, GangsAreNotBundledAndCountTheirSlotsForFairness) {
  std::vector<JobRecord> jobs = {Gang("a", 2), Gang("b", 2)};
  for (JobRecord& job : jobs) job.spec.bundle_key = "k";
  AddSweep small = APlan(Many(4, JobKind::kTrain, ""));
  small.sweep.fingerprint = Fingerprint("other");
  Submit(APlan(jobs));
  Submit(small);
  const SyncReply reply = Sync("w1", 4);
  ASSERT_EQ(reply.grants.size(), 3u) << "one gang, then the sweep that has no slot yet";
  for (const Grant& grant : reply.grants) EXPECT_EQ(grant.jobs.size(), 1u);
  EXPECT_EQ(core().sweeps.at(SweepId(1)).leased_slots, 2);
  EXPECT_EQ(core().sweeps.at(SweepId(2)).leased_slots, 2);
}

TEST_F(PlaceTest, ALostWorkerLosesItsGangOnce) {
  Submit(APlan({Gang("wide", 2)}));
  Sync("w1", 2);
  Sync("w1", 2, {}, "2");
  EXPECT_EQ(StatusOf(1).free_failures, 1);
  EXPECT_EQ(StatusOf(1).attempt, 2);
}

TEST_F(PlaceTest, KeysAndKindsAreNotMixedInABundle) {
  std::vector<JobRecord> jobs = Many(2, JobKind::kPath, "k");
  for (const JobRecord& job : Many(2, JobKind::kPath, "l", "q")) jobs.push_back(job);
  for (const JobRecord& job : Many(2, JobKind::kGram, "k", "g")) jobs.push_back(job);
  Submit(APlan(jobs));
  const SyncReply reply = Sync("w1");
  ASSERT_EQ(reply.grants.at(0).jobs.size(), 2u);
  EXPECT_EQ(reply.grants[0].jobs[0].job, JobId(1));
  EXPECT_EQ(reply.grants[0].jobs[1].job, JobId(2));
}

TEST_F(PlaceTest, TwinsDoNotShareABundle) {
  std::vector<JobRecord> jobs = Many(3, JobKind::kPath, "k");
  jobs[1].spec.fingerprint = jobs[0].spec.fingerprint;
  Submit(APlan(jobs));
  EXPECT_EQ(Sync("w1").grants.at(0).jobs.size(), 2u);
  EXPECT_EQ(StateOf(2), JobState::kReady);
  Report("w1", JobId(1), 1, {Success()});
  EXPECT_EQ(StatusOf(2).reused_from, JobId(1));
}

TEST_F(PlaceTest, SlotsFollowTheWeightsOfTheSweeps) {
  AddSweep heavy = APlan(Many(30, JobKind::kTrain, "", "h"));
  heavy.sweep.priority = 1;
  Submit(APlan(Many(30, JobKind::kTrain, "", "l")));
  Submit(heavy);
  Sync("w1", 9);
  EXPECT_EQ(sched::ActiveJobs(core(), SweepId(1)).size(), 3u);
  EXPECT_EQ(sched::ActiveJobs(core(), SweepId(2)).size(), 6u);
}

TEST_F(PlaceTest, ASweepAtItsCapLeavesTheSlotsToOthers) {
  AddSweep capped = APlan(Many(5, JobKind::kTrain, "", "c"));
  capped.sweep.max_parallel = 1;
  Submit(capped);
  Submit(APlan(Many(5, JobKind::kTrain, "", "o")));
  Sync("w1", 4);
  EXPECT_EQ(sched::ActiveJobs(core(), SweepId(1)).size(), 1u);
  EXPECT_EQ(sched::ActiveJobs(core(), SweepId(2)).size(), 3u);
}

TEST_F(PlaceTest, TheLongestRemainingPathGoesFirstNotTheLongestJob) {
  std::vector<JobRecord> jobs{AJob("long"), AJob("root"), AJob("mid", {2}), AJob("end", {3})};
  jobs[0].spec.cost = 10;
  for (int i = 1; i < 4; ++i) jobs[static_cast<size_t>(i)].spec.cost = 4;
  Submit(APlan(jobs));
  EXPECT_EQ(Sync("w1").grants.at(0).jobs.at(0).job, JobId(2));
}

TEST_F(PlaceTest, AChildGoesToTheWorkerThatMadeItsInput) {
  Submit(APlan({AJob("a"), AJob("b"), AJob("child-of-b", {2})}));
  Sync("w1", 1);
  Sync("w2", 4);
  const std::string maker = StatusOf(2).worker.str();
  const std::string other = StatusOf(1).worker.str();
  EXPECT_NE(maker, other);
  Report(other, JobId(1), 1, {Success()});
  Report(maker, JobId(2), 1, {Success()});
  EXPECT_EQ(StatusOf(3).worker.str(), maker);
}

}  // namespace
}  // namespace eida::testing
