#include "server/app/live_views.h"

#include <algorithm>

#include "server/sched/view.h"

namespace eida::app {
namespace {

using Counts = std::map<std::string, int64_t>;

void AddTo(Counts& counts, const sched::KindTally& tally) {
  for (const JobState state : AllValues<JobState>()) {
    const int64_t n = tally.by_state[static_cast<size_t>(state)];
    if (n > 0) counts[ToString(state)] += n;
  }
}

bool Empty(const sched::KindTally& tally) {
  return std::all_of(tally.by_state.begin(), tally.by_state.end(),
                     [](int64_t n) { return n == 0; });
}

}  // namespace

service::TotalsLive LiveTotals(const sched::Core& core) {
  const sched::Totals totals = sched::TotalsOf(core);
  service::TotalsLive out{totals.workers, totals.slots_total, totals.slots_busy, totals.sweeps, {}};
  for (const sched::KindTally& tally : sched::AllTallies(core)) AddTo(out.jobs_by_state, tally);
  return out;
}

std::optional<service::SweepLive> LiveSweep(const sched::Core& core, SweepId id) {
  const SweepRecord* sweep = sched::FindSweep(core, id);
  if (sweep == nullptr) return std::nullopt;
  service::SweepLive out;
  out.sweep = *sweep;
  out.sweep.source.clear();
  out.sweep.resolved.clear();
  const sched::Totals totals = sched::TotalsOf(core);
  out.totals = {totals.workers, totals.slots_total, totals.slots_busy, totals.sweeps, {}};
  std::map<JobKind, double> fraction;
  for (const JobId job_id : sched::ActiveJobs(core, id)) {
    const JobRecord* job = sched::FindJob(core, job_id);
    const Progress progress = sched::ProgressOf(core, job_id);
    if (progress.total > 0) {
      fraction[job->spec.kind] += std::clamp(
          static_cast<double>(progress.done) / static_cast<double>(progress.total), 0.0, 1.0);
    }
    JobRecord shown = *job;
    shown.spec.spec.clear();
    shown.spec.inputs.clear();
    shown.spec.parents.clear();
    out.active.emplace_back(std::move(shown), progress);
  }
  const sched::Tallies& tallies = *sched::TalliesOf(core, id);
  for (const JobKind kind : AllValues<JobKind>()) {
    const sched::KindTally& tally = tallies[static_cast<size_t>(kind)];
    if (Empty(tally)) continue;
    service::KindLive live;
    live.kind = kind;
    AddTo(live.by_state, tally);
    AddTo(out.jobs_by_state, tally);
    live.finished_seconds = tally.finished_seconds;
    live.finished_timed = tally.finished_timed;
    live.reused = tally.reused;
    live.active_fraction = fraction[kind];
    out.kinds.push_back(std::move(live));
  }
  return out;
}

std::vector<service::WorkerLive> LiveWorkers(const sched::Core& core) {
  std::vector<service::WorkerLive> out;
  for (const sched::WorkerView& view : sched::Workers(core)) {
    service::WorkerLive worker{view.record, {}};
    for (const sched::SlotView& slot : view.slots) {
      service::SlotLive live{slot.info, slot.lease, {}};
      for (const JobId id : slot.jobs) {
        const JobRecord* job = sched::FindJob(core, id);
        if (job != nullptr) live.jobs.push_back(job->spec.sweep.ToString() + "/" + job->spec.name);
      }
      worker.slots.push_back(std::move(live));
    }
    out.push_back(std::move(worker));
  }
  return out;
}

std::map<JobId, service::JobLive> LiveJobs(const sched::Core& core, SweepId sweep) {
  std::map<JobId, service::JobLive> out;
  const std::vector<SweepId> sweeps = sweep ? std::vector<SweepId>{sweep} : sched::SweepIds(core);
  for (const SweepId id : sweeps) {
    for (const JobId job : sched::ActiveJobs(core, id))
      out[job].progress = sched::ProgressOf(core, job);
    for (const JobId job : sched::WaitingGangs(core, id))
      out[job].waits = sched::WaitsFor(core, core.jobs.at(job));
  }
  return out;
}

}  // namespace eida::app
