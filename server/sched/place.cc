// Placement: critical path first within a sweep, fair share between sweeps, data locality among
// equals, bundles.
#include <algorithm>

#include "server/sched/fatal.h"
#include "server/sched/index.h"
#include "server/sched/policy.h"
#include "server/sched/step.h"

namespace eida::sched {
namespace {

constexpr int kLookAhead =
    16;  // equally urgent jobs that are asked whether their inputs are at the free worker

struct Choice {
  Job* job = nullptr;
  Worker* worker = nullptr;
};

// The most urgent job goes to the worker that made its inputs if a slot is free there. Else the
// worker with most free slots takes, among equally urgent jobs, one whose inputs it made.
Choice Choose(Step& step, const Sweep& sweep) {
  const ReadyKey top = *sweep.ready.begin();
  Job& job = step.GetJob(top.id);
  const auto home = step.core.workers.find(job.home);
  if (home != step.core.workers.end() && home->second.offered) return {&job, &home->second};
  Worker& worker = Must(step.core.workers, step.core.offers.begin()->second, "an offering worker");
  int looked = 0;
  for (auto it = sweep.ready.begin(); it != sweep.ready.end() && looked < kLookAhead;
       ++it, ++looked) {
    if (it->remaining != top.remaining) break;
    Job& other = step.GetJob(it->id);
    if (other.home == worker.record.id) return {&other, &worker};
  }
  return {&job, &worker};
}

// Training jobs run side by side, not one after another: what went wrong with one may be the
// others' doing, so after a failure it runs alone.
bool Packs(const Job& job) { return job.record.spec.kind == JobKind::kTrain; }
bool Alone(const Job& job) { return Packs(job) && job.record.status.failures > 0; }

std::vector<Job*> Bundle(Step& step, const Sweep& sweep, Job& first) {
  std::vector<Job*> jobs{&first};
  if (first.group == 0 || Alone(first)) return jobs;
  const ReadySet& group = sweep.groups.at(first.group);
  BundleFacts facts;
  facts.ready = static_cast<int64_t>(group.size());
  if (Packs(first)) {
    for (const JobId id : sweep.active) facts.active += step.GetJob(id).group == first.group;
  }
  facts.total_slots = step.core.total_slots;
  facts.max_bundle = step.core.options.max_bundle;
  if (sweep.record.max_parallel > 0) {
    facts.allowance = sweep.record.max_parallel - static_cast<int64_t>(sweep.active.size());
    for (const auto& [minus_free, worker] : step.core.offers) {
      facts.free_slots -= minus_free;
      if (facts.free_slots >= facts.allowance) break;
    }
  }
  const size_t size = static_cast<size_t>(BundleSize(facts));
  for (const ReadyKey& key : group) {
    if (jobs.size() >= size) break;
    Job& job = step.GetJob(key.id);
    const auto same = [&job](const Job* other) {
      return other == &job || (job.twins != nullptr && other->twins == job.twins);
    };
    if (!Alone(job) && std::none_of(jobs.begin(), jobs.end(), same)) jobs.push_back(&job);
  }
  return jobs;
}

void Grant(Step& step, const SweepId sweep, Worker& worker, const std::vector<Job*>& jobs) {
  Core& core = step.core;
  Lease lease;
  lease.id = LeaseId(core.next_lease++);
  lease.worker = worker.record.id;
  lease.session = worker.record.session;
  lease.sweep = sweep;
  const auto free = std::find(worker.slots.begin(), worker.slots.end(), LeaseId());
  if (free == worker.slots.end())
    Fatal("scheduler: worker " + worker.record.id.str() + " offers a slot that it lacks");
  lease.slot = static_cast<int>(free - worker.slots.begin());
  lease.opened = step.now.wall;
  lease.deadline = step.now.mono + core.options.lease_ttl;
  for (Job* job : jobs) {
    JobStatus next = job->record.status;
    const double waited = std::max<int64_t>(0, step.now.wall.ms - next.ready_at.ms) / 1000.0;
    ++next.attempt;
    next.worker = worker.record.id;
    next.error = ErrorClass::kNone;
    next.error_message.clear();
    next.started = next.finished = {};
    lease.open.push_back(IdOf(*job));
    job->lease = lease.id;
    AttemptRecord attempt;
    attempt.job = IdOf(*job);
    attempt.attempt = next.attempt;
    attempt.lease = lease.id;
    attempt.worker = lease.worker;
    attempt.opened = lease.opened;
    attempt.slot = lease.slot;
    step.Change(*job, JobEvent::kLeased, std::move(next));
    step.out.Persist(OpenAttempt{std::move(attempt)});
    step.Count(CounterEvent::What::kQueueWait, *job, waited);
    step.Note("leased", *job, lease.id.ToString() + " on slot " + std::to_string(lease.slot));
  }
  AddLease(core, std::move(lease));
  step.out.Notify(worker.record.id);
}

}  // namespace

void Place(Step& step) {
  Core& core = step.core;
  while (!core.offers.empty() && !core.queue.empty()) {
    Sweep& sweep = step.GetSweep(core.queue.begin()->id);
    const Choice choice = Choose(step, sweep);
    Grant(step, sweep.record.id, *choice.worker, Bundle(step, sweep, *choice.job));
  }
}

}  // namespace eida::sched
