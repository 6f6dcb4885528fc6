// What must be true between any two events, checked against the records alone.
#include <algorithm>

#include "server/sched/core.h"
#include "server/sched/index.h"
#include "server/sched/policy.h"

namespace eida::sched {
namespace {

#define EIDA_MUST_HOLD(condition, what)                                                           \
  do {                                                                                            \
    if (!(condition)) return Internal(std::string("invariant: ") + (what) + " [" #condition "]"); \
  } while (false)

Status CheckJob(const Core& core, const Job& job) {
  const JobSpec& spec = job.record.spec;
  const JobStatus& status = job.record.status;
  const std::string name = spec.id.ToString() + " (" + eida::ToString(status.state) + ")";
  std::set<JobId> parents, unfinished, lost, open_shortcuts;
  for (const ParentEdge& edge : spec.parents) {
    const JobState parent = StateOf(core.jobs.at(edge.parent));
    const auto needs_it = [&edge](const ParentEdge& other) {
      return other.parent == edge.parent && !other.shortcut;
    };
    if (edge.shortcut) {
      if (!IsTerminal(parent) && std::none_of(spec.parents.begin(), spec.parents.end(), needs_it))
        open_shortcuts.insert(edge.parent);
      continue;
    }
    parents.insert(edge.parent);
    if (parent != JobState::kSucceeded) unfinished.insert(edge.parent);
    if (IsBad(parent)) lost.insert(edge.parent);
  }
  EIDA_MUST_HOLD(job.unfinished_parents == static_cast<int>(unfinished.size()),
                 name + ": unfinished parents");
  EIDA_MUST_HOLD(job.lost_parents == static_cast<int>(lost.size()), name + ": lost parents");
  EIDA_MUST_HOLD(job.open_shortcuts == static_cast<int>(open_shortcuts.size()),
                 name + ": open shortcuts");
  const size_t needs = spec.quorum > 0 ? static_cast<size_t>(spec.quorum) : parents.size();
  const bool enough = parents.size() - lost.size() >= needs;
  const bool awaits = unfinished.size() > lost.size();
  const bool active = IsActive(status.state);
  const bool ready = status.state == JobState::kReady;
  if (ready || active || status.state == JobState::kBackoff)
    EIDA_MUST_HOLD(!awaits && enough, name + ": started early");
  if (status.state == JobState::kBlocked)
    EIDA_MUST_HOLD((awaits || !open_shortcuts.empty()) && enough, name + ": blocked by nothing");
  if (status.state == JobState::kSucceeded && !status.reused_from) {
    EIDA_MUST_HOLD(!awaits && status.lacking == static_cast<int>(lost.size()),
                   name + ": says what its result lacks");
  }
  if (status.state == JobState::kSkipped) {
    EIDA_MUST_HOLD(!enough && status.cause, name + ": skipped though it has what it needs");
    const JobState cause = StateOf(core.jobs.at(status.cause));
    EIDA_MUST_HOLD(cause == JobState::kFailed || cause == JobState::kCancelled,
                   name + ": cause is neither failed nor cancelled");
  }
  EIDA_MUST_HOLD(static_cast<bool>(job.lease) == active, name + ": lease");
  if (active) {
    EIDA_MUST_HOLD(status.attempt > 0, name + ": attempt");
    const auto lease = core.leases.find(job.lease);
    EIDA_MUST_HOLD(lease != core.leases.end(), name + ": its lease exists");
    EIDA_MUST_HOLD(std::count(lease->second.open.begin(), lease->second.open.end(), spec.id) == 1,
                   name + ": in its lease");
    EIDA_MUST_HOLD(lease->second.worker == status.worker, name + ": worker");
    EIDA_MUST_HOLD(job.ended < status.attempt, name + ": an ended attempt is active");
  }
  const Sweep& sweep = core.sweeps.at(spec.sweep);
  const bool held = ready && job.twins != nullptr && job.twins->active;
  EIDA_MUST_HOLD(job.held == held, name + ": held back exactly while a twin is active");
  const auto set = sweep.ready.find(spec.slots);
  const bool listed = set != sweep.ready.end() && set->second.contains(KeyOf(job));
  EIDA_MUST_HOLD(listed == (ready && !held), name + ": ready set");
  EIDA_MUST_HOLD(sweep.active.contains(spec.id) == active, name + ": active set");
  EIDA_MUST_HOLD(
      core.backoff.contains({job.retry_at, spec.id}) == (status.state == JobState::kBackoff),
      name + ": backoff");
  if (job.group != 0) {
    const auto group = sweep.groups.find(job.group);
    const bool in = group != sweep.groups.end() && group->second.contains(KeyOf(job));
    EIDA_MUST_HOLD(in == (ready && !held), name + ": group");
  }
  if (job.twins != nullptr) {
    EIDA_MUST_HOLD(job.twins->ready.contains(spec.id) == ready, name + ": twins, ready");
    EIDA_MUST_HOLD((job.twins->active == spec.id) == active, name + ": twins, active");
    if (status.state == JobState::kSucceeded && status.lacking == 0)
      EIDA_MUST_HOLD(job.twins->succeeded, name + ": twins, succeeded");
    EIDA_MUST_HOLD(status.lacking == 0 || job.twins->succeeded != spec.id,
                   name + ": nobody takes over a result that lacks something");
  }
  if (!IsTerminal(status.state)) {
    EIDA_MUST_HOLD(status.failures <= sweep.record.retries.max, name + ": counted failures");
    EIDA_MUST_HOLD(status.free_failures <= sweep.record.retries.max_free, name + ": free failures");
  }
  return OkStatus();
}

Status CheckSweep(const Core& core, const Sweep& sweep) {
  const std::string name = sweep.record.id.ToString();
  std::array<int64_t, EndOfValues<JobState>()> counts{};
  std::set<LeaseId> leases;
  for (const JobId id : sweep.jobs) {
    const Job& job = core.jobs.at(id);
    ++counts[Index(StateOf(job))];
    if (job.lease) leases.insert(job.lease);
  }
  std::array<int64_t, EndOfValues<JobState>()> by_kind{};
  for (const KindTally& tally : sweep.kinds) {
    for (size_t i = 0; i < counts.size(); ++i) by_kind[i] += tally.by_state[i];
  }
  EIDA_MUST_HOLD(counts == sweep.by_state && counts == by_kind, name + ": tallies");
  int slots = 0;
  for (const LeaseId id : leases) slots += static_cast<int>(core.leases.at(id).slots.size());
  EIDA_MUST_HOLD(sweep.leased_slots == slots, name + ": leased slots");
  EIDA_MUST_HOLD(SweepStateOf(counts) == sweep.record.state,
                 name + ": state follows from its jobs");
  const int cap = sweep.record.max_parallel;
  EIDA_MUST_HOLD(cap <= 0 || static_cast<int>(sweep.active.size()) <= cap, name + ": max_parallel");
  const bool wants =
      !sweep.ready.empty() && (cap <= 0 || static_cast<int>(sweep.active.size()) < cap);
  EIDA_MUST_HOLD(sweep.queued.has_value() == wants, name + ": queued");
  if (wants) {
    EIDA_MUST_HOLD(core.queue.contains(*sweep.queued), name + ": in the queue");
    EIDA_MUST_HOLD(sweep.queued->share == sweep.leased_slots / Weight(sweep.record.priority),
                   name + ": share");
  }
  return OkStatus();
}

Status CheckWorker(const Core& core, const Worker& worker) {
  const std::string name = "worker " + worker.record.id.str();
  EIDA_MUST_HOLD(worker.slots.size() == worker.record.slots.size(), name + ": slots");
  int busy = 0;
  for (size_t i = 0; i < worker.slots.size(); ++i) {
    if (!worker.slots[i]) continue;
    ++busy;
    const auto lease = core.leases.find(worker.slots[i]);
    EIDA_MUST_HOLD(lease != core.leases.end(), name + ": a slot's lease exists");
    const std::vector<int>& own = lease->second.slots;
    EIDA_MUST_HOLD(std::count(own.begin(), own.end(), static_cast<int>(i)) == 1,
                   name + ": one lease per slot");
    EIDA_MUST_HOLD(lease->second.worker == worker.record.id, name + ": a slot's lease is its own");
  }
  EIDA_MUST_HOLD(worker.free == static_cast<int>(worker.slots.size()) - busy,
                 name + ": free slots");
  const bool offers = Accepts(worker) && worker.free > 0;
  EIDA_MUST_HOLD(worker.offered.has_value() == offers, name + ": offered");
  if (offers)
    EIDA_MUST_HOLD(core.offers.contains({-worker.free, worker.record.id}),
                   name + ": in the offers");
  if (worker.present) {
    EIDA_MUST_HOLD(
        core.silence.contains({worker.last_seen + core.options.lease_ttl, worker.record.id}),
        name + ": watched");
  }
  return OkStatus();
}

Status CheckLease(const Core& core, const Lease& lease) {
  const std::string name = "lease " + lease.id.ToString();
  EIDA_MUST_HOLD(!lease.open.empty(), name + ": has work");
  for (const JobId id : lease.open) {
    EIDA_MUST_HOLD(core.jobs.at(id).lease == lease.id, name + ": holds its jobs");
    EIDA_MUST_HOLD(core.jobs.at(id).record.spec.slots == static_cast<int>(lease.slots.size()),
                   name + ": has all the slots that its jobs need");
  }
  const Worker& worker = core.workers.at(lease.worker);
  EIDA_MUST_HOLD(std::is_sorted(lease.slots.begin(), lease.slots.end()), name + ": slots' order");
  for (const int slot : lease.slots)
    EIDA_MUST_HOLD(worker.slots.at(static_cast<size_t>(slot)) == lease.id, name + ": its slots");
  EIDA_MUST_HOLD(worker.record.session == lease.session, name + ": belongs to the living session");
  EIDA_MUST_HOLD(core.deadlines.contains({lease.deadline, lease.id}), name + ": has a deadline");
  return OkStatus();
}

// No slot is free while a job could use it, but those that one gang waits for.
Status CheckPlacement(const Core& core) {
  int least = 0;  // slots that a job asks for which may start now
  bool gangs = false;
  for (const QueueKey& key : core.queue) {
    const auto& ready = core.sweeps.at(key.id).ready;
    least = least == 0 ? ready.begin()->first : std::min(least, ready.begin()->first);
    gangs |= ready.rbegin()->first > 1;
  }
  int kept = 0;
  for (const auto& [minus_free, id] : core.offers) {
    const Worker& worker = core.workers.at(id);
    if (least == 0 || worker.free < least) continue;
    ++kept;
    EIDA_MUST_HOLD(worker.free < static_cast<int>(worker.slots.size()),
                   "worker " + id.str() + ": idle while a job could use it");
  }
  EIDA_MUST_HOLD(kept <= (gangs ? 1 : 0), "no slot is free while a job could use it");
  return OkStatus();
}

}  // namespace

Status Core::CheckInvariants() const {
  size_t ready = 0, queued = 0, offered = 0, in_backoff = 0;
  for (const auto& [id, job] : jobs) {
    EIDA_RETURN_IF_ERROR(CheckJob(*this, job));
    ready += StateOf(job) == JobState::kReady && !job.held;
    in_backoff += StateOf(job) == JobState::kBackoff;
  }
  size_t in_sets = 0;
  for (const auto& [id, sweep] : sweeps) {
    EIDA_RETURN_IF_ERROR(CheckSweep(*this, sweep));
    for (const auto& [slots, ready] : sweep.ready) {
      EIDA_MUST_HOLD(!ready.empty(), "no set of ready jobs is empty");
      in_sets += ready.size();
    }
    queued += sweep.queued.has_value();
  }
  int slots = 0;
  for (const auto& [id, worker] : workers) {
    EIDA_RETURN_IF_ERROR(CheckWorker(*this, worker));
    offered += worker.offered.has_value();
    if (Accepts(worker)) slots += static_cast<int>(worker.slots.size());
  }
  for (const auto& [id, lease] : leases) EIDA_RETURN_IF_ERROR(CheckLease(*this, lease));
  EIDA_MUST_HOLD(ready == in_sets, "ready sets hold the ready jobs and nothing else");
  EIDA_MUST_HOLD(in_backoff == backoff.size(),
                 "the backoff set holds the waiting jobs and nothing else");
  EIDA_MUST_HOLD(queued == queue.size(), "the queue holds the sweeps with work and nothing else");
  EIDA_MUST_HOLD(offered == offers.size(),
                 "the offers hold the workers with free slots and nothing else");
  EIDA_MUST_HOLD(slots == total_slots, "total slots");
  EIDA_MUST_HOLD(deadlines.size() == leases.size(), "one deadline per lease");
  return CheckPlacement(*this);
}

}  // namespace eida::sched
