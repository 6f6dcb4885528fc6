#include "server/app/live_scheduler.h"

#include <algorithm>

#include "server/app/counters.h"
#include "server/app/live_views.h"
#include "server/sched/reactor.h"
#include "server/sched/view.h"

namespace eida::app {
namespace {

constexpr Millis kWatchPeriod{100};

Status ShuttingDown() {
  return Unavailable("the coordinator is shutting down; try again when it is back");
}

Status NoSuchSweep(SweepId sweep) {
  return NotFound("sweep " + sweep.ToString() +
                  ": there is none; `eidactl get sweeps` lists those that are");
}

}  // namespace

template <class T>
void LiveScheduler::Ask(service::Done<T> done,
                        std::function<Result<T>(sched::Core&, sched::Effects&, Now)> run) {
  const bool posted = loop_.Post(
      [done, run = std::move(run)](sched::Core& core, sched::Effects& out, Now now) -> Loop::After {
        return [done, result = run(core, out, now)] { done(result); };
      });
  if (!posted) done(ShuttingDown());
}

void LiveScheduler::Submit(AddSweep plan, bool attach, service::Done<service::Submitted> done) {
  Ask<service::Submitted>(
      std::move(done),
      [plan = std::move(plan), attach](sched::Core& core, sched::Effects& out,
                                       Now now) -> Result<service::Submitted> {
        service::Submitted submitted;
        const auto twin =
            attach ? sched::FindByFingerprint(core, plan.sweep.fingerprint) : std::nullopt;
        if (twin) {
          submitted.sweep = *twin;
          submitted.attached = true;
        } else {
          const int64_t before = core.next_sweep;
          EIDA_ASSIGN_OR_RETURN(submitted.sweep, sched::OnSubmit(core, out, plan, now));
          submitted.attached = core.next_sweep == before;  // the same idempotency key again
        }
        submitted.jobs = static_cast<int64_t>(sched::SweepJobs(core, submitted.sweep).size());
        for (const sched::KindTally& tally : *sched::TalliesOf(core, submitted.sweep))
          submitted.reused += tally.reused;
        return submitted;
      });
}

void LiveScheduler::AddJob(JobRecord job, service::Done<JobId> done) {
  Ask<JobId>(std::move(done),
             [job = std::move(job)](sched::Core& core, sched::Effects& out, Now now) {
               return sched::OnAddJob(core, out, job, now);
             });
}

void LiveScheduler::Cancel(SweepId sweep, std::vector<JobId> jobs, service::Done<int64_t> done) {
  Ask<int64_t>(std::move(done),
               [sweep, jobs = std::move(jobs)](sched::Core& core, sched::Effects& out, Now now) {
                 return sched::OnCancel(core, out, sweep, jobs, now);
               });
}

void LiveScheduler::Retry(SweepId sweep, std::vector<JobId> jobs, ErrorClass filter,
                          service::Done<int64_t> done) {
  Ask<int64_t>(std::move(done), [sweep, jobs = std::move(jobs), filter](
                                    sched::Core& core, sched::Effects& out, Now now) {
    return sched::OnRetry(core, out, sweep, jobs, filter, now);
  });
}

void LiveScheduler::Drain(WorkerId worker, bool drain, service::Done<bool> done) {
  Ask<bool>(std::move(done),
            [worker, drain](sched::Core& core, sched::Effects& out, Now now) -> Result<bool> {
              EIDA_RETURN_IF_ERROR(sched::OnDrain(core, out, worker, drain, now));
              return true;
            });
}

uint64_t LiveScheduler::Sync(SyncRequest request, service::Done<SyncReply> done) {
  const uint64_t call = next_++;
  const bool posted =
      loop_.Post([this, call, request = std::move(request), done](
                     sched::Core& core, sched::Effects& out, Now now) -> Loop::After {
        sched::OnSync(core, out, request, now);
        return [this, call, request, done, now] { Settle(call, request, done, now.mono); };
      });
  if (!posted) done(ShuttingDown());
  return call;
}

void LiveScheduler::Settle(uint64_t call, SyncRequest request, service::Done<SyncReply> done,
                           TimePoint now) {
  if (closing_) return done(ShuttingDown());
  // A worker has one conversation: a newer call means that nobody waits for the older one any more.
  const auto older = parked_of_.find(request.worker.id);
  if (older != parked_of_.end())
    AnswerParked(parked_.find(older->second), Unavailable("a newer Sync of this worker came"));
  const SyncReply view = sched::ViewFor(loop_.core(), request);
  // Held no longer than a third of the lease: the next Sync is what renews it.
  const Millis hold = std::min(request.wait, loop_.core().options.lease_ttl / 3);
  if (!view.grants.empty() || !view.revoked.empty() || hold.count() <= 0) return done(view);
  parked_of_[request.worker.id] = call;
  parked_.emplace(call, Parked{std::move(request), std::move(done), now + hold});
}

void LiveScheduler::AnswerParked(std::map<uint64_t, Parked>::iterator it, Result<SyncReply> reply) {
  const Parked parked = std::move(it->second);
  parked_of_.erase(parked.request.worker.id);
  parked_.erase(it);
  parked.done(std::move(reply));
}

void LiveScheduler::CancelSync(uint64_t call) {
  loop_.Post([this, call](sched::Core&, sched::Effects&, Now) -> Loop::After {
    return [this, call] {
      const auto it = parked_.find(call);
      if (it != parked_.end()) AnswerParked(it, Unavailable("the call was cancelled"));
    };
  });
}

void LiveScheduler::Report(WorkerId worker, std::string session, std::vector<JobReport> reports,
                           service::Done<std::vector<ReportVerdict>> done) {
  using Verdicts = std::vector<ReportVerdict>;
  Ask<Verdicts>(std::move(done),
                [this, worker, session, reports = std::move(reports)](
                    sched::Core& core, sched::Effects& out, Now now) -> Result<Verdicts> {
                  const Verdicts verdicts =
                      sched::OnReport(core, out, worker, session, reports, now);
                  CountReports(core, reports, verdicts, metrics_);
                  return verdicts;
                });
}

void LiveScheduler::Leave(WorkerId worker, std::string session, service::Done<bool> done) {
  Ask<bool>(std::move(done),
            [worker, session](sched::Core& core, sched::Effects& out, Now now) -> Result<bool> {
              sched::OnLeave(core, out, worker, session, now);
              return true;
            });
}

uint64_t LiveScheduler::Watch(SweepId sweep, std::function<void(Result<service::SweepLive>)> show) {
  const uint64_t number = next_++;
  const bool posted =
      loop_.Post([this, number, sweep, show](sched::Core&, sched::Effects&, Now) -> Loop::After {
        return [this, number, sweep, show] {
          if (closing_) return show(ShuttingDown());
          auto live = LiveSweep(loop_.core(), sweep);
          if (!live) return show(NoSuchSweep(sweep));
          const bool over = IsTerminal(live->sweep.state);
          show(std::move(*live));
          if (!over) watchers_.emplace(number, Watcher{sweep, show, now_ + kWatchPeriod});
        };
      });
  if (!posted) show(ShuttingDown());
  return number;
}

void LiveScheduler::Unwatch(uint64_t watch) {
  loop_.Post([this, watch](sched::Core&, sched::Effects&, Now) -> Loop::After {
    watchers_.erase(watch);
    return {};
  });
}

void LiveScheduler::JobsLive(SweepId sweep, service::Done<std::map<JobId, service::JobLive>> done) {
  using ByJob = std::map<JobId, service::JobLive>;
  Ask<ByJob>(std::move(done), [sweep](sched::Core& core, sched::Effects&, Now) -> Result<ByJob> {
    return LiveJobs(core, sweep);
  });
}

void LiveScheduler::Workers(service::Done<std::vector<service::WorkerLive>> done) {
  using Workers = std::vector<service::WorkerLive>;
  Ask<Workers>(std::move(done), [](sched::Core& core, sched::Effects&, Now) -> Result<Workers> {
    return LiveWorkers(core);
  });
}

void LiveScheduler::Totals(service::Done<service::TotalsLive> done) {
  Ask<service::TotalsLive>(
      std::move(done), [](sched::Core& core, sched::Effects&, Now) -> Result<service::TotalsLive> {
        return LiveTotals(core);
      });
}

void LiveScheduler::Committed(const sched::Core& core, const sched::RecordingEffects& effects,
                              Now now) {
  now_ = now.mono;
  for (const sched::CounterEvent& event : effects.counted) CountEvent(event, metrics_);
  for (const WorkerId& worker : effects.notified) {
    const auto it = parked_of_.find(worker);
    if (it == parked_of_.end()) continue;
    const auto call = parked_.find(it->second);
    SyncReply view = sched::ViewFor(core, call->second.request);
    if (!view.grants.empty() || !view.revoked.empty()) AnswerParked(call, std::move(view));
  }
  for (auto& [number, watcher] : watchers_) {
    watcher.dirty = watcher.dirty || std::find(effects.sweeps.begin(), effects.sweeps.end(),
                                               watcher.sweep) != effects.sweeps.end();
  }
}

void LiveScheduler::Passed(const sched::Core& core, Now now, double seconds) {
  metrics_.scheduler_pass.Observe(seconds);
  metrics_.scheduler_last_pass.Set(static_cast<double>(now.wall.ms) / 1000);
  for (auto it = parked_.begin(); it != parked_.end();) {
    const auto call = it++;
    if (call->second.deadline <= now.mono)
      AnswerParked(call, sched::ViewFor(core, call->second.request));
  }
  ShowDue(core, now.mono);
}

void LiveScheduler::ShowDue(const sched::Core& core, TimePoint now) {
  for (auto it = watchers_.begin(); it != watchers_.end();) {
    Watcher& watcher = it->second;
    if (!watcher.dirty || watcher.next > now) {
      ++it;
      continue;
    }
    watcher.dirty = false;
    watcher.next = now + kWatchPeriod;
    auto live = LiveSweep(core, watcher.sweep);
    const bool over = !live || IsTerminal(live->sweep.state);
    if (live) {
      watcher.show(std::move(*live));
    } else {
      watcher.show(NoSuchSweep(watcher.sweep));
    }
    it = over ? watchers_.erase(it) : std::next(it);
  }
}

TimePoint LiveScheduler::NextWake() const {
  TimePoint wake = TimePoint::Never();
  for (const auto& [call, parked] : parked_) wake = std::min(wake, parked.deadline);
  for (const auto& [number, watcher] : watchers_) {
    if (watcher.dirty) wake = std::min(wake, watcher.next);
  }
  return wake;
}

void LiveScheduler::Close() {
  loop_.Post([this](sched::Core&, sched::Effects&, Now) -> Loop::After {
    return [this] {
      closing_ = true;
      while (!parked_.empty()) AnswerParked(parked_.begin(), ShuttingDown());
      for (const auto& [number, watcher] : watchers_) watcher.show(ShuttingDown());
      watchers_.clear();
    };
  });
}

}  // namespace eida::app
