#include "server/sched/step.h"

#include <algorithm>

#include "server/sched/fatal.h"
#include "server/sched/index.h"
#include "server/sched/policy.h"

namespace eida::sched {

Job& Step::GetJob(JobId id) { return Must(core.jobs, id, "a job"); }
Sweep& Step::GetSweep(SweepId id) { return Must(core.sweeps, id, "a sweep"); }

void Step::Change(Job& job, JobEvent event, JobStatus next) {
  const JobState from = StateOf(job);
  next.state = NextState(from, event);
  if (next.state == JobState{}) {
    Fatal("scheduler: " + IdOf(job).ToString() + " (" + job.record.spec.name + ") is " +
          eida::ToString(from) + " and cannot be " + ToString(event));
  }
  LeaveState(core, job);
  out.Persist(UpdateJob{IdOf(job), from, next});
  job.record.status = std::move(next);
  EnterState(core, job);
  if (const int lost = IsBad(StateOf(job)) - IsBad(from); lost != 0) {
    for (const JobId id : job.children) GetJob(id).lost_parents += lost;
  }
  if (const int ended = IsTerminal(StateOf(job)) - IsTerminal(from); ended != 0) {
    for (const JobId id : job.spared) GetJob(id).open_shortcuts -= ended;
  }
  Touch(job.record.spec.sweep);
}

void Step::MakeReady(Job& job, JobEvent event, JobStatus next) {
  next.ready_at = now.wall;
  next.retry_at = {};
  Change(job, event, std::move(next));
  TryReuse(job);
}

bool Step::TryReuse(Job& job) {
  if (job.twins == nullptr || !job.twins->succeeded) return false;
  const Job& twin = GetJob(job.twins->succeeded);
  if (!MissingArtifact(job, twin.record.artifacts).empty()) return false;
  Reuse(job, twin);
  return true;
}

void Step::Reuse(Job& job, const Job& twin) {
  JobStatus next = job.record.status;
  next.reused_from = MakerOf(twin);
  next.summary = twin.record.status.summary;
  next.lacking = 0;
  next.error = ErrorClass::kNone;
  next.error_message.clear();
  next.finished = now.wall;
  job.record.artifacts = twin.record.artifacts;
  if (!job.record.artifacts.empty()) {
    out.Persist(AddArtifacts{IdOf(job), next.attempt, job.record.artifacts});
  }
  Change(job, JobEvent::kReused, std::move(next));
  job.checkpoint.reset();
  ++GetSweep(job.record.spec.sweep).kinds[Index(job.record.spec.kind)].reused;
  Count(CounterEvent::What::kReused, job);
  Note("reused", job, "takes over the result of " + job.record.status.reused_from.ToString());
  succeeded_.push_back(IdOf(job));
}

void Step::Unblock(Job& job) {
  if (StateOf(job) == JobState::kBlocked && !Awaits(job) && Enough(job))
    MakeReady(job, JobEvent::kUnblocked, job.record.status);
}

void Step::SettleSuccesses() {
  while (!succeeded_.empty()) {
    Job& job = GetJob(succeeded_.front());
    succeeded_.pop_front();
    for (const JobId id : job.children) {
      --GetJob(id).unfinished_parents;
      Unblock(GetJob(id));
    }
    for (const JobId id : job.spared) Unblock(GetJob(id));
    if (job.twins == nullptr) continue;
    const std::set<JobId> twins = job.twins->ready;
    for (const JobId id : twins) TryReuse(GetJob(id));
  }
}

void Step::RecomputeSweep(Sweep& sweep) {
  const SweepState state = SweepStateOf(sweep.by_state);
  const SweepState before = sweep.record.state;
  if (state == before) return;
  sweep.record.state = state;
  sweep.record.finished = IsTerminal(state) ? now.wall : WallTime{};
  out.Persist(UpdateSweep{sweep.record.id, before, state, sweep.record.finished});
  Note(IsTerminal(state) ? std::string("sweep ") + eida::ToString(state) : "sweep running again",
       sweep, "");
}

void Step::Finish() {
  SettleSuccesses();
  for (const SweepId id : over_limit_) {
    Sweep& sweep = GetSweep(id);
    const std::string why =
        "max_failures: " + std::to_string(sweep.by_state[Index(JobState::kFailed)]) +
        " jobs failed, the limit is " + std::to_string(sweep.record.max_failures);
    if (CancelSweep(sweep, why) > 0) Note("cancelled", sweep, why);
  }
  Place(*this);
  for (const SweepId id : touched_) {
    RecomputeSweep(GetSweep(id));
    out.SweepChanged(id);
  }
}

}  // namespace eida::sched
