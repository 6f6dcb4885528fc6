#include "tests/unit/sched/fixture.h"

namespace eida::testing {
namespace {

using SubmitTest = SchedTest;

TEST_F(SubmitTest, LocalNumbersBecomeIdsThatNoOtherSweepHas) {
  AddSweep plan = APlan({AJob("a"), AJob("b", {1})});
  RunRecord run;
  run.id = RunId(1);
  run.train_job = JobId(2);
  plan.runs = {run};
  plan.jobs[1].spec.run = RunId(1);
  Submit(plan);
  const SweepId second = Submit(plan);
  const AddSweep& added = std::get<AddSweep>(world.out.changes.at(2));
  EXPECT_EQ(added.sweep.id, second);
  EXPECT_EQ(added.runs.at(0).id, RunId(2));
  EXPECT_EQ(added.runs.at(0).sweep, second);
  EXPECT_EQ(added.runs.at(0).train_job, JobId(4));
  EXPECT_EQ(added.jobs.at(1).spec.id, JobId(4));
  EXPECT_EQ(added.jobs.at(1).spec.run, RunId(2));
  EXPECT_EQ(added.jobs.at(1).spec.parents.at(0).parent, JobId(3));
  EXPECT_EQ(added.jobs.at(0).status.state, JobState::kReady);
  EXPECT_EQ(added.jobs.at(1).status.state, JobState::kBlocked);
}

TEST_F(SubmitTest, ARefusedPlanChangesNothing) {
  AddSweep twice = APlan({AJob("a"), AJob("b")});
  twice.jobs[1].spec.id = JobId(1);
  AddSweep forward = APlan({AJob("a", {2}), AJob("b")});
  AddSweep itself = APlan({AJob("a", {1})});
  AddSweep wide = APlan({AJob("a")});
  wide.jobs[0].spec.slots = 0;
  AddSweep no_run = APlan({AJob("a")});
  no_run.jobs[0].spec.run = RunId(1);
  // A quorum of more parents than are needed, an input that is no whole result.
  AddSweep too_many = APlan({AJob("a"), AJob("b", {1})});
  too_many.jobs[1].spec.quorum = 2;
  AddSweep spared = APlan({AJob("a"), AJob("b", {1})});
  spared.jobs[1].spec.quorum = 1;
  spared.jobs[1].spec.parents[0].shortcut = true;
  const AddSweep same_name = APlan({AJob("a"), AJob("a")});
  AddSweep negative = APlan({AJob("a")});
  negative.jobs[0].spec.quorum = -1;
  AddSweep on_partial = APlan({AJob("a"), AJob("b", {1}), AJob("c", {2})});
  on_partial.jobs[1].spec.quorum = 1;
  for (const AddSweep& plan :
       {twice, forward, itself, wide, no_run, too_many, spared, negative, on_partial, same_name}) {
    const Result<SweepId> id = sched::OnSubmit(core(), world.out, plan, world.now());
    ASSERT_FALSE(id.ok());
    EXPECT_EQ(id.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(Message(id.status()).find("\"study\""), std::string::npos) << id.status();
  }
  EXPECT_TRUE(world.out.empty());
  EXPECT_EQ(core().next_job, 1);
}

TEST_F(SubmitTest, AnEmptyPlanHasSucceeded) {
  const SweepId id = Submit(APlan({}));
  EXPECT_EQ(sched::FindSweep(core(), id)->state, SweepState::kSucceeded);
}

TEST_F(SubmitTest, TheSameKeyAndPlanIsTheSameSweepAndSilent) {
  AddSweep plan = APlan({AJob("a")});
  plan.sweep.idempotency_key = "k";
  const SweepId first = Submit(plan);
  Commit();
  EXPECT_EQ(Submit(plan), first);
  EXPECT_TRUE(world.out.empty());
  plan.sweep.fingerprint = Fingerprint("other");
  const Result<SweepId> other = sched::OnSubmit(core(), world.out, plan, world.now());
  EXPECT_EQ(other.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(world.out.empty());
}

TEST_F(SubmitTest, FindByFingerprintNamesTheNewestSweepOfThePlan) {
  EXPECT_FALSE(sched::FindByFingerprint(core(), Fingerprint("plan")).has_value());
  Submit(APlan({AJob("a")}));
  const SweepId second = Submit(APlan({AJob("a")}));
  EXPECT_EQ(sched::FindByFingerprint(core(), Fingerprint("plan")), second);
}

TEST_F(SubmitTest, AReusedJobCarriesSummaryArtifactsAndTheFirstMakersId) {
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Report("w1", JobId(1), 1, {Success()});
  Submit(APlan({AJob("a"), AJob("b", {1})}));
  Submit(APlan({AJob("a")}));
  const JobRecord& reused = *sched::FindJob(core(), JobId(2));
  EXPECT_EQ(reused.status.state, JobState::kSucceeded);
  EXPECT_EQ(reused.status.reused_from, JobId(1));
  EXPECT_EQ(reused.status.summary, "{\"steps\":7}");
  EXPECT_EQ(reused.artifacts.at(0).digest.str(), std::string(64, 'a'));
  EXPECT_EQ(StatusOf(4).reused_from, JobId(1));
  Commit();
  EXPECT_EQ(world.store.Job(JobId(2))->artifacts.size(), 1u);
}

TEST_F(SubmitTest, ATwinWithoutTheNeededArtifactIsNotReused) {
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Report("w1", JobId(1), 1, {Finished{}});
  Submit(APlan({AJob("a"), AJob("b", {1})}));
  EXPECT_EQ(StateOf(2), JobState::kLeased);
  EXPECT_FALSE(StatusOf(2).reused_from);
}

TEST_F(SubmitTest, JobsWithoutAFingerprintAreNeverTwins) {
  JobRecord job = AJob("a");
  job.spec.fingerprint = {};
  Submit(APlan({job}));
  Sync("w1");
  Report("w1", JobId(1), 1, {Success()});
  Submit(APlan({job}));
  EXPECT_EQ(StateOf(2), JobState::kLeased);
  EXPECT_FALSE(StatusOf(2).reused_from);
}

TEST_F(SubmitTest, AnAddedJobIsRefusedWhenItsInputCannotCome) {
  Submit(APlan({AJob("a")}));
  const SweepId sweep(1);
  JobRecord job = AJob("export", {1});
  job.spec.sweep = sweep;
  JobRecord foreign = AJob("foreign", {99});
  foreign.spec.sweep = sweep;
  JobRecord homeless = AJob("homeless");
  homeless.spec.sweep = SweepId(9);
  JobRecord wrong = AJob("wrong", {1});
  wrong.spec.sweep = sweep;
  wrong.spec.parents[0].artifact = "other";
  const auto add = [&](const JobRecord& record) {
    return sched::OnAddJob(core(), world.out, record, world.now()).status().code();
  };
  EXPECT_EQ(add(foreign), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(add(homeless), absl::StatusCode::kNotFound);
  Sync("w1");
  Report("w1", JobId(1), 1, {Success()});
  EXPECT_EQ(add(wrong), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(add(job), absl::StatusCode::kOk);
  EXPECT_EQ(sched::FindSweep(core(), sweep)->state, SweepState::kRunning);
}

TEST_F(SubmitTest, AnAddedJobWhoseParentFailedIsRefusedWithTheWayOut) {
  Submit(APlan({AJob("a")}));
  Sync("w1");
  Report("w1", JobId(1), 1, {Failure(ErrorClass::kData)});
  JobRecord job = AJob("export", {1});
  job.spec.sweep = SweepId(1);
  const Status status = sched::OnAddJob(core(), world.out, job, world.now()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(Message(status).find("retry"), std::string::npos);
}

}  // namespace
}  // namespace eida::testing
