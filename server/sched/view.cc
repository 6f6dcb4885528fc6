#include "server/sched/view.h"

#include <algorithm>

#include "server/sched/index.h"

namespace eida::sched {
namespace {

WorkerState StateNow(const Worker& worker) {
  const WorkerState kept = worker.record.state;
  if (kept == WorkerState::kLeft || kept == WorkerState::kLost) return kept;
  if (worker.drained || worker.leaving) return WorkerState::kDraining;
  return worker.free < static_cast<int>(worker.slots.size()) ? WorkerState::kBusy
                                                             : WorkerState::kIdle;
}

}  // namespace

const SweepRecord* FindSweep(const Core& core, SweepId id) {
  const auto it = core.sweeps.find(id);
  return it == core.sweeps.end() ? nullptr : &it->second.record;
}

const JobRecord* FindJob(const Core& core, JobId id) {
  const auto it = core.jobs.find(id);
  return it == core.jobs.end() ? nullptr : &it->second.record;
}

std::vector<SweepId> SweepIds(const Core& core) {
  std::vector<SweepId> ids;
  for (const auto& [id, sweep] : core.sweeps) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

const std::vector<JobId>& SweepJobs(const Core& core, SweepId id) {
  static const std::vector<JobId> none;
  const auto it = core.sweeps.find(id);
  return it == core.sweeps.end() ? none : it->second.jobs;
}

Progress ProgressOf(const Core& core, JobId id) {
  const auto it = core.jobs.find(id);
  return it == core.jobs.end() ? Progress{} : it->second.progress;
}

std::string WaitsFor(const Core& core, const Job& job) {
  const int slots = job.record.spec.slots;
  if (StateOf(job) != JobState::kReady || job.held || slots == 1) return "";
  int largest = 0;
  for (const auto& [id, worker] : core.workers) {
    if (Accepts(worker)) largest = std::max(largest, static_cast<int>(worker.slots.size()));
  }
  const std::string needed = std::to_string(slots) + " slots of one worker";
  if (largest >= slots) return "waits until " + needed + " are free";
  return "needs " + needed + ", and " +
         (largest == 0 ? std::string("none is there")
                       : "the largest has " + std::to_string(largest)) +
         "; start one with --slots " + std::to_string(slots) + " or more";
}

std::vector<JobId> WaitingGangs(const Core& core, SweepId id) {
  const auto it = core.sweeps.find(id);
  std::vector<JobId> jobs;
  if (it == core.sweeps.end()) return jobs;
  for (const auto& [slots, ready] : it->second.ready) {
    if (slots == 1) continue;
    for (const ReadyKey& key : ready) jobs.push_back(key.id);
  }
  return jobs;
}

const Tallies* TalliesOf(const Core& core, SweepId id) {
  const auto it = core.sweeps.find(id);
  return it == core.sweeps.end() ? nullptr : &it->second.kinds;
}

std::vector<JobId> ActiveJobs(const Core& core, SweepId id) {
  const auto it = core.sweeps.find(id);
  if (it == core.sweeps.end()) return {};
  return {it->second.active.begin(), it->second.active.end()};
}

Tallies AllTallies(const Core& core) {
  Tallies all;
  for (const auto& [id, sweep] : core.sweeps) {
    for (size_t kind = 0; kind < sweep.kinds.size(); ++kind) {
      const KindTally& from = sweep.kinds[kind];
      for (size_t state = 0; state < from.by_state.size(); ++state)
        all[kind].by_state[state] += from.by_state[state];
      all[kind].finished_seconds += from.finished_seconds;
      all[kind].finished_timed += from.finished_timed;
      all[kind].reused += from.reused;
    }
  }
  return all;
}

WallTime OldestReady(const Core& core, JobKind kind) {
  WallTime oldest;
  for (const auto& [id, sweep] : core.sweeps) {
    if (sweep.kinds[Index(kind)].by_state[Index(JobState::kReady)] == 0) continue;
    for (const JobId job_id : sweep.jobs) {
      const JobRecord& job = core.jobs.at(job_id).record;
      if (job.spec.kind != kind || job.status.state != JobState::kReady) continue;
      if (oldest.ms == 0 || job.status.ready_at < oldest) oldest = job.status.ready_at;
    }
  }
  return oldest;
}

std::vector<WorkerView> Workers(const Core& core) {
  std::vector<WorkerView> views;
  for (const auto& [id, worker] : core.workers) {
    WorkerView view;
    view.record = worker.record;
    view.record.state = StateNow(worker);
    for (size_t i = 0; i < worker.slots.size(); ++i) {
      SlotView slot;
      slot.info = worker.record.slots[i];
      slot.lease = worker.slots[i];
      if (slot.lease) slot.jobs = core.leases.at(slot.lease).open;
      view.slots.push_back(std::move(slot));
    }
    views.push_back(std::move(view));
  }
  return views;
}

Totals TotalsOf(const Core& core) {
  Totals totals;
  totals.leases = static_cast<int64_t>(core.leases.size());
  totals.sweeps = static_cast<int64_t>(core.sweeps.size());
  for (const auto& [id, worker] : core.workers) {
    if (!worker.present) continue;
    ++totals.workers;
    totals.slots_total += static_cast<int>(worker.slots.size());
    totals.slots_busy += static_cast<int>(worker.slots.size()) - worker.free;
  }
  return totals;
}

}  // namespace eida::sched
