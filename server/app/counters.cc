#include "server/app/counters.h"

#include <map>
#include <string>

#include "server/sched/view.h"

namespace eida::app {
namespace {

double Seconds(WallTime time) { return static_cast<double>(time.ms) / 1000; }

constexpr int kMostSweeps = 50;

std::map<telemetry::Labels, double> SweepJobs(const sched::Core& core) {
  std::vector<SweepId> ids = sched::SweepIds(core);
  std::map<telemetry::Labels, double> series;
  int shown = 0;
  for (auto id = ids.rbegin(); id != ids.rend() && shown < kMostSweeps; ++id) {
    if (IsTerminal(sched::FindSweep(core, *id)->state)) continue;
    ++shown;
    for (const sched::KindTally& tally : *sched::TalliesOf(core, *id)) {
      for (const JobState state : AllValues<JobState>()) {
        series[{id->ToString(), ToString(state)}] +=
            static_cast<double>(tally.by_state[static_cast<size_t>(state)]);
      }
    }
  }
  return series;
}

std::string KindText(JobKind kind) { return kind == JobKind{} ? "unknown" : ToString(kind); }

}  // namespace

void CountEvent(const sched::CounterEvent& event, telemetry::CoordinatorMetrics& metrics) {
  using What = sched::CounterEvent::What;
  const std::string kind = KindText(event.kind);
  const double n = static_cast<double>(event.count);
  switch (event.what) {
    case What::kSubmitted:
      return metrics.jobs_submitted.Add({kind}, n);
    case What::kReused:
      return metrics.jobs_reused.Add({kind}, n);
    case What::kQueueWait:
      return metrics.queue_wait.Observe({kind}, event.seconds);
    case What::kRetry:
      return metrics.job_retries.Add({kind, ToString(event.error)}, n);
    case What::kStale:
      return metrics.stale_results.Add({kind}, n);
    case What::kLeaseExpired:
      return metrics.lease_expirations.Add({kind}, 1);
    case What::kFinished:
      metrics.jobs_finished.Add({kind, ToString(event.outcome)}, n);
      if (event.seconds != sched::CounterEvent::kNeverRan)
        metrics.run_duration.Observe({kind, ToString(event.outcome)}, event.seconds);
      return;
  }
}

void CountReports(const sched::Core& core, const std::vector<JobReport>& reports,
                  const std::vector<ReportVerdict>& verdicts,
                  telemetry::CoordinatorMetrics& metrics) {
  for (size_t i = 0; i < reports.size() && i < verdicts.size(); ++i) {
    const JobRecord* job = sched::FindJob(core, reports[i].job);
    if (job == nullptr || verdicts[i] != ReportVerdict::kAccepted) continue;
    for (const ReportItem& item : reports[i].items) {
      if (const auto* log = std::get_if<LogText>(&item)) {
        metrics.log_received_bytes.Add({ToString(job->spec.kind)},
                                       static_cast<double>(log->text.size()));
      } else if (const auto* points = std::get_if<Metrics>(&item)) {
        metrics.metric_points.Add(static_cast<double>(points->points.size()));
      }
    }
  }
}

void SetGauges(const sched::Core& core, bool per_sweep, telemetry::CoordinatorMetrics& metrics) {
  const sched::Tallies tallies = sched::AllTallies(core);
  for (const JobKind kind : AllValues<JobKind>()) {
    for (const JobState state : AllValues<JobState>()) {
      if (IsTerminal(state)) continue;
      const int64_t n = tallies[static_cast<size_t>(kind)].by_state[static_cast<size_t>(state)];
      metrics.jobs.Set({ToString(kind), ToString(state)}, static_cast<double>(n));
    }
    metrics.oldest_ready.Set({ToString(kind)}, Seconds(sched::OldestReady(core, kind)));
  }
  std::map<SweepState, int64_t> sweeps;
  for (const SweepId id : sched::SweepIds(core)) ++sweeps[sched::FindSweep(core, id)->state];
  for (const SweepState state : AllValues<SweepState>()) {
    metrics.sweeps.Set({ToString(state)}, static_cast<double>(sweeps[state]));
  }
  if (per_sweep) metrics.sweep_jobs.Replace(SweepJobs(core));
  std::map<WorkerState, int64_t> workers;
  std::map<telemetry::Labels, double> heartbeats;
  for (const sched::WorkerView& worker : sched::Workers(core)) {
    const WorkerState state = worker.record.state;
    ++workers[state];
    // Workers that left are history; the lost ones are what an alert is about.
    if (state != WorkerState::kLeft)
      heartbeats[{worker.record.id.str()}] = Seconds(worker.record.last_seen);
  }
  for (const WorkerState state : AllValues<WorkerState>()) {
    if (state == WorkerState::kLeft) continue;
    metrics.workers.Set({ToString(state)}, static_cast<double>(workers[state]));
  }
  metrics.worker_last_heartbeat.Replace(heartbeats);
  const sched::Totals totals = sched::TotalsOf(core);
  metrics.worker_slots.Set({"free"}, totals.slots_total - totals.slots_busy);
  metrics.worker_slots.Set({"used"}, totals.slots_busy);
  metrics.leases.Set(static_cast<double>(totals.leases));
}

}  // namespace eida::app
