#include "tests/unit/sched/fixture.h"

namespace eida::testing {
namespace {

using ViewTest = SchedTest;

TEST_F(ViewTest, UnknownThingsAreNullOrEmpty) {
  EXPECT_EQ(sched::FindSweep(core(), SweepId(1)), nullptr);
  EXPECT_EQ(sched::FindJob(core(), JobId(1)), nullptr);
  EXPECT_EQ(sched::TalliesOf(core(), SweepId(1)), nullptr);
  EXPECT_TRUE(sched::SweepJobs(core(), SweepId(1)).empty());
  EXPECT_TRUE(sched::ActiveJobs(core(), SweepId(1)).empty());
  EXPECT_EQ(sched::ProgressOf(core(), JobId(1)).total, 0);
  EXPECT_EQ(sched::OldestReady(core(), JobKind::kTrain).ms, 0);
}

TEST_F(ViewTest, WorkersShowTheirSlotsAndWhatIsOnThem) {
  Submit(APlan({AJob("a")}));
  Sync("w1", 2);
  Sync("w2", 1);
  const auto workers = sched::Workers(core());
  ASSERT_EQ(workers.size(), 2u);
  EXPECT_EQ(workers[0].record.state, WorkerState::kBusy);
  EXPECT_EQ(workers[1].record.state, WorkerState::kIdle);
  EXPECT_EQ(workers[0].slots.at(0).jobs, std::vector<JobId>{JobId(1)});
  EXPECT_FALSE(workers[0].slots.at(1).lease);
  const sched::Totals totals = sched::TotalsOf(core());
  EXPECT_EQ(totals.workers, 2);
  EXPECT_EQ(totals.slots_total, 3);
  EXPECT_EQ(totals.slots_busy, 1);
  EXPECT_EQ(totals.leases, 1);
}

TEST_F(ViewTest, DrainingIsShownUntilTheWorkerIsGone) {
  Sync("w1");
  ASSERT_TRUE(sched::OnDrain(core(), world.out, WorkerId("w1"), true, world.now()).ok());
  EXPECT_EQ(sched::Workers(core()).at(0).record.state, WorkerState::kDraining);
  sched::OnLeave(core(), world.out, WorkerId("w1"), "1", world.now());
  EXPECT_EQ(sched::Workers(core()).at(0).record.state, WorkerState::kLeft);
  EXPECT_EQ(sched::TotalsOf(core()).workers, 0);
}

TEST_F(ViewTest, TalliesFollowTheJobs) {
  std::vector<JobRecord> jobs{AJob("a"), AJob("b", {1})};
  jobs[1].spec.kind = JobKind::kEvaluate;
  const SweepId id = Submit(APlan(jobs));
  const auto count = [&](JobKind kind, JobState state) {
    return sched::TalliesOf(core(), id)
        ->at(static_cast<size_t>(kind))
        .by_state.at(static_cast<size_t>(state));
  };
  EXPECT_EQ(count(JobKind::kTrain, JobState::kReady), 1);
  EXPECT_EQ(count(JobKind::kEvaluate, JobState::kBlocked), 1);
  Sync("w1");
  Report("w1", JobId(1), 1, {Started{}});
  world.clock.Advance(Millis(1500));
  Report("w1", JobId(1), 1, {Success()});
  EXPECT_EQ(count(JobKind::kTrain, JobState::kReady), 0);
  EXPECT_EQ(count(JobKind::kTrain, JobState::kSucceeded), 1);
  EXPECT_EQ(count(JobKind::kEvaluate, JobState::kLeased), 1);
  EXPECT_EQ(sched::TalliesOf(core(), id)->at(static_cast<size_t>(JobKind::kTrain)).finished_seconds,
            1.5);
}

TEST_F(ViewTest, TheOldestReadyJobIsTheOneThatWaitsLongest) {
  const WallTime start = world.now().wall;
  Submit(APlan({AJob("a")}));
  world.clock.Advance(Millis(1000));
  Submit(APlan({AJob("b")}));
  EXPECT_EQ(sched::OldestReady(core(), JobKind::kTrain), start);
  Sync("w1");
  EXPECT_EQ(sched::OldestReady(core(), JobKind::kTrain).ms, start.ms + 1000);
}

}  // namespace
}  // namespace eida::testing
