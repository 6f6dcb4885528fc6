// Short words for the scheduler's unit tests: a world, plans, workers, reports. Every test ends
// with the invariants.
#pragma once

#include <gtest/gtest.h>

#include "server/sched/view.h"
#include "tests/flow/world.h"

namespace eida::testing {

// kind train, fingerprint = name, no parents.
inline JobRecord AJob(const std::string& name, const std::vector<int64_t>& parents = {}) {
  JobRecord job;
  job.spec.name = name;
  job.spec.fingerprint = Fingerprint("fp-" + name);
  job.spec.spec = "{\"name\":\"" + name + "\"}";
  for (const int64_t parent : parents) {
    job.spec.parents.push_back({"in/" + std::to_string(parent), JobId(parent), "out"});
  }
  return job;
}

// Numbers the jobs from 1.
inline AddSweep APlan(std::vector<JobRecord> jobs) {
  AddSweep plan;
  plan.sweep.name = "study";
  plan.sweep.fingerprint = Fingerprint("plan");
  for (size_t i = 0; i < jobs.size(); ++i) jobs[i].spec.id = JobId(static_cast<int64_t>(i) + 1);
  plan.jobs = std::move(jobs);
  return plan;
}

class SchedTest : public ::testing::Test {
 protected:
  ~SchedTest() override {
    const Status committed = world.Commit();
    EXPECT_TRUE(committed.ok()) << committed;
  }
  SweepId Submit(AddSweep plan) {
    const Result<SweepId> id = sched::OnSubmit(core(), world.out, std::move(plan), world.now());
    EXPECT_TRUE(id.ok()) << id.status();
    return id.ok() ? *id : SweepId();
  }
  // The first Sync makes the worker join.
  SyncReply Sync(const std::string& id, int slots = 1, std::vector<LeaseId> held = {},
                 const std::string& session = "1") {
    SyncRequest request;
    request.worker.id = WorkerId(id);
    request.worker.session = session;
    for (int i = 0; i < slots; ++i) request.worker.slots.push_back({i, "cpu", {i}});
    request.held = std::move(held);
    sched::OnSync(core(), world.out, request, world.now());
    return sched::ViewFor(core(), request);
  }
  ReportVerdict Report(const std::string& worker, JobId job, Attempt attempt,
                       std::vector<ReportItem> items, const std::string& session = "1") {
    return sched::OnReport(core(), world.out, WorkerId(worker), session,
                           {{job, attempt, std::move(items)}}, world.now())
        .at(0);
  }
  static Finished Success() {
    Finished finished;
    finished.summary = "{\"steps\":7}";
    ArtifactRef artifact;
    artifact.name = "out";
    artifact.digest = Digest(std::string(64, 'a'));
    finished.artifacts.push_back(artifact);
    return finished;
  }
  static Finished Failure(ErrorClass error) {
    Finished finished;
    finished.error = error;
    finished.message = "it broke";
    return finished;
  }
  void Advance(int64_t ms) {
    world.clock.Advance(Millis(ms));
    sched::OnTick(core(), world.out, world.now());
  }
  const JobStatus& StatusOf(int64_t job) { return sched::FindJob(core(), JobId(job))->status; }
  JobState StateOf(int64_t job) { return StatusOf(job).state; }
  void Commit() {
    const Status committed = world.Commit();
    ASSERT_TRUE(committed.ok()) << committed;
  }
  sched::Core& core() { return world.core; }
  // How many changes of this sort the batch that is not committed yet has.
  template <class T>
  int Changes() const {
    int n = 0;
    for (const Change& change : world.out.changes) n += std::holds_alternative<T>(change);
    return n;
  }

  World world;
};

}  // namespace eida::testing
