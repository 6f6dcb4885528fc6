#include "server/sched/index.h"

#include <algorithm>

#include "server/sched/fatal.h"
#include "server/sched/policy.h"

namespace eida::sched {
namespace {

void AddToQueue(Core& core, Sweep& sweep, Job& job) {
  sweep.ready[job.record.spec.slots].insert(KeyOf(job));
  if (job.group != 0) sweep.groups[job.group].insert(KeyOf(job));
  RefreshSweep(core, sweep);
}

void TakeFromQueue(Core& core, Sweep& sweep, Job& job) {
  const auto ready = sweep.ready.find(job.record.spec.slots);
  ready->second.erase(KeyOf(job));
  if (ready->second.empty()) sweep.ready.erase(ready);
  if (job.group != 0) {
    const auto it = sweep.groups.find(job.group);
    it->second.erase(KeyOf(job));
    if (it->second.empty()) sweep.groups.erase(it);
  }
  RefreshSweep(core, sweep);
}

Sweep& SweepOf(Core& core, const Job& job) {
  return Must(core.sweeps, job.record.spec.sweep, "a job's sweep");
}

// The worker that made most of the job's inputs; "" when nobody that we know of did.
WorkerId HomeOf(const Core& core, const Job& job) {
  std::map<WorkerId, int> made;
  JobId previous;
  for (const ParentEdge& edge : job.record.spec.parents) {
    if (edge.parent == previous) continue;
    previous = edge.parent;
    const JobId maker = MakerOf(Must(core.jobs, edge.parent, "a parent"));
    const WorkerId& worker =
        Must(core.jobs, maker, "the maker of a reused result").record.status.worker;
    if (!worker.empty()) ++made[worker];
  }
  WorkerId best;
  int most = 0;
  for (const auto& [worker, n] : made) {
    if (n > most) best = worker, most = n;
  }
  return best;
}

// Jobs come in one by one, so the newest child stands last.
bool IsLast(const std::vector<JobId>& jobs, JobId id) { return !jobs.empty() && jobs.back() == id; }

}  // namespace

Job& InsertJob(Core& core, JobRecord record) {
  const JobId id = record.spec.id;
  Job& job = core.jobs[id];
  job.record = std::move(record);
  const JobSpec& spec = job.record.spec;
  if (!spec.fingerprint.empty()) job.twins = &core.twins[spec.fingerprint];
  if (!spec.bundle_key.empty() && CanBundle(spec.kind) && spec.slots == 1) {
    const int next = static_cast<int>(core.groups.size()) + 1;
    job.group = core.groups.emplace(std::pair(spec.kind, spec.bundle_key), next).first->second;
  }
  job.remaining = spec.cost;
  for (const ParentEdge& edge : spec.parents) {
    Job& parent = Must(core.jobs, edge.parent, "a parent");
    if (!edge.shortcut && !IsLast(parent.children, id)) {
      parent.children.push_back(id);
      ++job.distinct_parents;
      if (StateOf(parent) != JobState::kSucceeded) ++job.unfinished_parents;
      if (IsBad(StateOf(parent))) ++job.lost_parents;
    }
    auto& needed = parent.needed;
    if (std::find(needed.begin(), needed.end(), edge.artifact) == needed.end())
      needed.push_back(edge.artifact);
  }
  for (const ParentEdge& edge : spec.parents) {
    if (!edge.shortcut) continue;
    Job& parent = core.jobs.at(edge.parent);
    if (IsLast(parent.children, id) || IsLast(parent.spared, id)) continue;
    parent.spared.push_back(id);
    if (!IsTerminal(StateOf(parent))) ++job.open_shortcuts;
  }
  SweepOf(core, job).jobs.push_back(id);
  return job;
}

void ComputeRemaining(Core& core, Sweep& sweep) {
  for (auto it = sweep.jobs.rbegin(); it != sweep.jobs.rend(); ++it) {
    Job& job = Must(core.jobs, *it, "a sweep's job");
    double longest = 0;
    for (const auto* below : {&job.children, &job.spared}) {
      for (const JobId id : *below) longest = std::max(longest, core.jobs.at(id).remaining);
    }
    job.remaining = job.record.spec.cost + longest;
  }
}

void LeaveState(Core& core, Job& job) {
  Sweep& sweep = SweepOf(core, job);
  const JobState state = StateOf(job);
  --sweep.kinds[Index(job.record.spec.kind)].by_state[Index(state)];
  --sweep.by_state[Index(state)];
  if (state == JobState::kReady) {
    if (job.twins != nullptr) job.twins->ready.erase(IdOf(job));
    if (!job.held) TakeFromQueue(core, sweep, job);
    job.held = false;
    job.home = {};
  } else if (state == JobState::kBackoff) {
    core.backoff.erase({job.retry_at, IdOf(job)});
  } else if (IsActive(state)) {
    sweep.active.erase(IdOf(job));
    RefreshSweep(core, sweep);
    if (job.twins != nullptr && job.twins->active == IdOf(job)) {
      job.twins->active = {};
      for (const JobId id : job.twins->ready) {
        Job& twin = core.jobs.at(id);
        if (!twin.held) continue;
        twin.held = false;
        AddToQueue(core, SweepOf(core, twin), twin);
      }
    }
  }
}

void EnterState(Core& core, Job& job) {
  Sweep& sweep = SweepOf(core, job);
  const JobState state = StateOf(job);
  ++sweep.kinds[Index(job.record.spec.kind)].by_state[Index(state)];
  ++sweep.by_state[Index(state)];
  if (state == JobState::kReady) {
    job.home = HomeOf(core, job);
    job.held = job.twins != nullptr && job.twins->active;
    if (job.twins != nullptr) job.twins->ready.insert(IdOf(job));
    if (!job.held) AddToQueue(core, sweep, job);
  } else if (state == JobState::kBackoff) {
    core.backoff.insert({job.retry_at, IdOf(job)});
  } else if (IsActive(state)) {
    sweep.active.insert(IdOf(job));
    RefreshSweep(core, sweep);
    if (job.twins != nullptr) {
      job.twins->active = IdOf(job);
      for (const JobId id : job.twins->ready) {
        Job& twin = core.jobs.at(id);
        if (twin.held) continue;
        TakeFromQueue(core, SweepOf(core, twin), twin);
        twin.held = true;
      }
    }
  } else if (state == JobState::kSucceeded && job.record.status.lacking == 0 &&
             job.twins != nullptr && !job.twins->succeeded) {
    job.twins->succeeded = IdOf(job);
  }
}

void RefreshSweep(Core& core, Sweep& sweep) {
  const SweepRecord& record = sweep.record;
  std::optional<QueueKey> wanted;
  const bool room =
      record.max_parallel <= 0 || sweep.active.size() < static_cast<size_t>(record.max_parallel);
  if (!sweep.ready.empty() && room) {
    wanted = QueueKey{sweep.leased_slots / Weight(record.priority), record.priority, record.id};
  }
  if (wanted.has_value() == sweep.queued.has_value() &&
      (!wanted || (!(*wanted < *sweep.queued) && !(*sweep.queued < *wanted)))) {
    return;
  }
  if (sweep.queued) core.queue.erase(*sweep.queued);
  if (wanted) core.queue.insert(*wanted);
  sweep.queued = wanted;
}

bool Accepts(const Worker& worker) { return worker.present && !worker.drained && !worker.leaving; }

void RefreshWorker(Core& core, Worker& worker) {
  const int slots = Accepts(worker) ? static_cast<int>(worker.slots.size()) : 0;
  core.total_slots += slots - worker.counted_slots;
  worker.counted_slots = slots;
  if (worker.offered) core.offers.erase(*worker.offered);
  worker.offered.reset();
  if (slots == 0 || worker.free == 0) return;
  worker.offered = std::pair(-worker.free, worker.record.id);
  core.offers.insert(*worker.offered);
}

void SetPresent(Core& core, Worker& worker, bool present, TimePoint now) {
  core.silence.erase({worker.last_seen + core.options.lease_ttl, worker.record.id});
  worker.present = present;
  worker.last_seen = now;
  if (present) core.silence.insert({now + core.options.lease_ttl, worker.record.id});
  RefreshWorker(core, worker);
}

void AddLease(Core& core, Lease lease) {
  Worker& worker = Must(core.workers, lease.worker, "a lease's worker");
  Sweep& sweep = Must(core.sweeps, lease.sweep, "a lease's sweep");
  for (const int slot : lease.slots) worker.slots[static_cast<size_t>(slot)] = lease.id;
  const int slots = static_cast<int>(lease.slots.size());
  worker.free -= slots;
  sweep.leased_slots += slots;
  core.deadlines.insert({lease.deadline, lease.id});
  core.leases.emplace(lease.id, std::move(lease));
  RefreshWorker(core, worker);
  RefreshSweep(core, sweep);
}

void SetDeadline(Core& core, Lease& lease, TimePoint deadline) {
  core.deadlines.erase({lease.deadline, lease.id});
  lease.deadline = deadline;
  core.deadlines.insert({deadline, lease.id});
}

void DropLease(Core& core, LeaseId id) {
  const Lease& lease = Must(core.leases, id, "a lease");
  Worker& worker = Must(core.workers, lease.worker, "a lease's worker");
  Sweep& sweep = Must(core.sweeps, lease.sweep, "a lease's sweep");
  for (const int slot : lease.slots) worker.slots[static_cast<size_t>(slot)] = {};
  const int slots = static_cast<int>(lease.slots.size());
  worker.free += slots;
  sweep.leased_slots -= slots;
  core.deadlines.erase({lease.deadline, id});
  core.leases.erase(id);
  RefreshWorker(core, worker);
  RefreshSweep(core, sweep);
}

bool Enough(const Job& job) {
  const int quorum = job.record.spec.quorum;
  return job.distinct_parents - job.lost_parents >= (quorum > 0 ? quorum : job.distinct_parents);
}

JobId MakerOf(const Job& job) {
  const JobId twin = job.record.status.reused_from;
  return twin ? twin : IdOf(job);
}

std::string MissingArtifact(const Job& job, const std::vector<ArtifactRef>& artifacts) {
  for (const std::string& name : job.needed) {
    const auto has = [&name](const ArtifactRef& artifact) { return artifact.name == name; };
    if (std::none_of(artifacts.begin(), artifacts.end(), has)) return name;
  }
  return "";
}

}  // namespace eida::sched
