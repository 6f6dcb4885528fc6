// Placement: critical path first within a sweep, fair share between sweeps, data locality among
// equals, bundles.
#include <algorithm>
#include <optional>

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

// What to place next. Jobs are asked in order: the sweeps as they stand in the queue, of each the
// jobs that need as many slots, the most urgent of them first. The first gang that fits nowhere yet
// keeps a worker: those that are asked after it get none of that worker's slots, so a stream of
// smaller jobs does not starve it. It keeps the one with most free slots of those that are large
// enough; nothing is remembered from one placement to the next.
class Search {
 public:
  explicit Search(Core& core) : core_(core) {}

  std::optional<Choice> Next() {
    if (core_.offers.empty()) return std::nullopt;
    for (const QueueKey& key : core_.queue) {
      const Sweep& sweep = Must(core_.sweeps, key.id, "a queued sweep");
      std::vector<std::pair<int, const ReadySet*>> sets(sweep.ready.size());
      std::transform(sweep.ready.begin(), sweep.ready.end(), sets.begin(),
                     [](const auto& entry) { return std::pair(entry.first, &entry.second); });
      std::sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) {
        return *a.second->begin() < *b.second->begin();
      });
      for (const auto& [slots, ready] : sets) {
        if (Worker* worker = MostFree(slots)) return Choose(*ready, slots, *worker);
        if (slots > 1 && kept_.empty()) kept_ = ToKeep(slots);
      }
    }
    return std::nullopt;
  }

 private:
  bool Fits(const Worker& worker, int slots) const {
    return worker.offered && worker.free >= slots && worker.record.id != kept_;
  }
  // Of the workers where a job of so many slots fits; null = nowhere.
  Worker* MostFree(int slots) {
    for (const auto& [minus_free, id] : core_.offers) {
      if (-minus_free < slots) return nullptr;
      if (id != kept_) return &Must(core_.workers, id, "an offering worker");
    }
    return nullptr;
  }
  WorkerId ToKeep(int slots) const {
    const Worker* best = nullptr;
    for (const auto& [id, worker] : core_.workers) {
      if (Accepts(worker) && static_cast<int>(worker.slots.size()) >= slots &&
          (best == nullptr || worker.free > best->free)) {
        best = &worker;
      }
    }
    return best == nullptr ? WorkerId() : best->record.id;
  }
  // The most urgent job goes to the worker that made its inputs if it fits there. Else the worker
  // with most free slots takes, among equally urgent jobs, one whose inputs it made.
  Choice Choose(const ReadySet& ready, int slots, Worker& worker) {
    const ReadyKey top = *ready.begin();
    Job& job = Must(core_.jobs, top.id, "a ready job");
    const auto home = core_.workers.find(job.home);
    if (home != core_.workers.end() && Fits(home->second, slots)) return {&job, &home->second};
    int looked = 0;
    for (auto it = ready.begin(); it != ready.end() && looked < kLookAhead; ++it, ++looked) {
      if (it->remaining != top.remaining) break;
      Job& other = Must(core_.jobs, it->id, "a ready job");
      if (other.home == worker.record.id) return {&other, &worker};
    }
    return {&job, &worker};
  }

  Core& core_;
  WorkerId kept_;  // "" = none
};

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

// " on slot 1", " on slots 0, 1"
std::string OnSlots(const std::vector<int>& slots) {
  std::string text = slots.size() == 1 ? " on slot " : " on slots ";
  for (size_t i = 0; i < slots.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(slots[i]);
  return text;
}

void Grant(Step& step, const SweepId sweep, Worker& worker, const std::vector<Job*>& jobs) {
  Core& core = step.core;
  Lease lease;
  lease.id = LeaseId(core.next_lease++);
  lease.worker = worker.record.id;
  lease.session = worker.record.session;
  lease.sweep = sweep;
  const auto needed = static_cast<size_t>(jobs.front()->record.spec.slots);
  for (size_t i = 0; i < worker.slots.size() && lease.slots.size() < needed; ++i) {
    if (!worker.slots[i]) lease.slots.push_back(static_cast<int>(i));
  }
  if (lease.slots.size() < needed)
    Fatal("scheduler: worker " + worker.record.id.str() + " offers a slot that it lacks");
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
    attempt.slots = lease.slots;
    step.Change(*job, JobEvent::kLeased, std::move(next));
    step.out.Persist(OpenAttempt{std::move(attempt)});
    step.Count(CounterEvent::What::kQueueWait, *job, waited);
    step.Note("leased", *job, lease.id.ToString() + OnSlots(lease.slots));
  }
  AddLease(core, std::move(lease));
  step.out.Notify(worker.record.id);
}

}  // namespace

void Place(Step& step) {
  Core& core = step.core;
  while (const std::optional<Choice> choice = Search(core).Next()) {
    Sweep& sweep = step.GetSweep(choice->job->record.spec.sweep);
    Grant(step, sweep.record.id, *choice->worker, Bundle(step, sweep, *choice->job));
  }
}

}  // namespace eida::sched
