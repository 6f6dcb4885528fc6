// What people ask for, and what time brings.
#include <algorithm>
#include <deque>
#include <unordered_set>

#include "server/sched/index.h"
#include "server/sched/reactor.h"
#include "server/sched/step.h"

namespace eida::sched {
namespace {

// The sweep, after checking that all of `jobs` are its own.
Result<Sweep*> FindWithJobs(Core& core, SweepId id, const std::vector<JobId>& jobs) {
  const auto it = core.sweeps.find(id);
  if (it == core.sweeps.end()) {
    return NotFound("sweep " + id.ToString() + " does not exist; `eidactl get sweeps` lists them");
  }
  for (const JobId job : jobs) {
    const auto found = core.jobs.find(job);
    if (found == core.jobs.end() || found->second.record.spec.sweep != id) {
      return NotFound("job " + job.ToString() + " is not a job of " + id.ToString() +
                      "; `eidactl get jobs " + id.ToString() + "` lists them");
    }
  }
  return &it->second;
}

// Failed and cancelled jobs that a retry is about: the named ones and the bad ancestors that they
// need, or all.
std::vector<JobId> ToRetry(Step& step, const Sweep& sweep, const std::vector<JobId>& named,
                           ErrorClass filter) {
  std::vector<JobId> chosen;
  std::unordered_set<JobId> seen;
  std::deque<JobId> waiting(named.begin(), named.end());
  if (named.empty()) waiting.assign(sweep.jobs.begin(), sweep.jobs.end());
  while (!waiting.empty()) {
    const Job& job = step.GetJob(waiting.front());
    waiting.pop_front();
    const bool lacks = job.record.status.lacking > 0;
    if ((!IsBad(StateOf(job)) && !lacks) || !seen.insert(IdOf(job)).second) continue;
    for (const ParentEdge& edge : job.record.spec.parents) {
      if (!edge.shortcut) waiting.push_back(edge.parent);
    }
    if (StateOf(job) == JobState::kSkipped || lacks) continue;
    if (filter == ErrorClass::kNone || job.record.status.error == filter)
      chosen.push_back(IdOf(job));
  }
  std::sort(chosen.begin(), chosen.end());  // parents first
  return chosen;
}

// A bad parent that the job needs. REQUIRES: there is one.
const Job& BadParent(Step& step, const Job& job) {
  const auto& parents = job.record.spec.parents;
  const auto bad = std::find_if(parents.begin(), parents.end(), [&step](const ParentEdge& edge) {
    return !edge.shortcut && IsBad(StateOf(step.GetJob(edge.parent)));
  });
  return step.GetJob(bad->parent);
}

// Did the job, or will it, make do without a parent that may come after all? A result that was only
// not spared work is whole.
bool MustWaitAgain(const Job& job) {
  if (!AwaitsNeeded(job)) return false;
  const JobState state = StateOf(job);
  return state == JobState::kSucceeded ? job.record.status.lacking > 0
                                       : state != JobState::kBlocked;
}

void Revive(Step& step, Job& job) {
  JobStatus next = job.record.status;
  next.failures = next.free_failures = 0;
  next.error = ErrorClass::kNone;
  next.error_message.clear();
  next.cause = {};
  next.finished = {};
  step.Note("retry", job, "asked for");
  if (!Awaits(job)) {
    step.MakeReady(job, JobEvent::kRevivedReady, std::move(next));
  } else {
    step.Change(job, JobEvent::kRevivedBlocked, std::move(next));
  }
}

void Recause(Step& step, Job& job, const Job& parent) {
  const JobId cause =
      StateOf(parent) == JobState::kSkipped ? parent.record.status.cause : IdOf(parent);
  if (job.record.status.cause == cause) return;
  JobStatus next = job.record.status;
  next.cause = cause;
  const Job& culprit = step.GetJob(cause);
  next.error_message = culprit.record.spec.name + " " + eida::ToString(StateOf(culprit));
  step.Change(job, JobEvent::kRecaused, std::move(next));
}

}  // namespace

Result<int64_t> OnCancel(Core& core, Effects& out, SweepId id, const std::vector<JobId>& jobs,
                         Now now) {
  EIDA_ASSIGN_OR_RETURN(Sweep * sweep, FindWithJobs(core, id, jobs));
  Step step(core, out, now);
  int64_t cancelled = 0;
  if (jobs.empty()) {
    cancelled = step.CancelSweep(*sweep, "cancelled by a user");
    if (cancelled > 0)
      step.Note("cancelled", *sweep, std::to_string(cancelled) + " jobs, by a user");
  } else {
    std::vector<JobId> done;
    for (const JobId job : jobs) {
      if (IsTerminal(StateOf(step.GetJob(job)))) continue;
      step.Cancel(step.GetJob(job), "cancelled by a user");
      done.push_back(job);
    }
    for (const JobId job : done) step.SkipDescendants(step.GetJob(job));
    cancelled = static_cast<int64_t>(done.size());
  }
  step.Finish();
  return cancelled;
}

Result<int64_t> OnRetry(Core& core, Effects& out, SweepId id, const std::vector<JobId>& jobs,
                        ErrorClass filter, Now now) {
  EIDA_ASSIGN_OR_RETURN(const Sweep* sweep, FindWithJobs(core, id, jobs));
  Step step(core, out, now);
  const std::vector<JobId> chosen = ToRetry(step, *sweep, jobs, filter);
  // By ascending id, so that parents are settled before their children. A chosen job whose parent
  // stays bad stays too.
  std::set<JobId> affected(chosen.begin(), chosen.end());
  const std::set<JobId> wanted = affected;
  int64_t retried = 0;
  while (!affected.empty()) {
    Job& job = step.GetJob(*affected.begin());
    affected.erase(affected.begin());
    if (!IsBad(StateOf(job))) {
      if (MustWaitAgain(job)) step.Recall(job);
      continue;
    }
    const bool skipped = StateOf(job) == JobState::kSkipped;
    if (!skipped && !wanted.contains(IdOf(job))) continue;
    if (Enough(job)) {
      Revive(step, job);
      ++retried;
    } else if (skipped) {
      Recause(step, job, BadParent(step, job));
    }
    affected.insert(job.children.begin(), job.children.end());
  }
  step.Finish();
  return retried;
}

void OnTick(Core& core, Effects& out, Now now) {
  Step step(core, out, now);
  while (!core.deadlines.empty() && core.deadlines.begin()->first <= now.mono) {
    const Lease& lease = core.leases.at(core.deadlines.begin()->second);
    CounterEvent expired;
    expired.what = CounterEvent::What::kLeaseExpired;
    expired.kind = step.GetJob(lease.open.front()).record.spec.kind;
    expired.count = static_cast<int64_t>(lease.open.size());
    out.Count(expired);
    step.EndLease(lease.id, ErrorClass::kWorkerLost,
                  "worker " + lease.worker.str() + " did not renew its lease");
  }
  while (!core.backoff.empty() && core.backoff.begin()->first <= now.mono) {
    Job& job = step.GetJob(core.backoff.begin()->second);
    step.MakeReady(job, JobEvent::kDue, job.record.status);
  }
  while (!core.silence.empty() && core.silence.begin()->first <= now.mono) {
    const WorkerId id = core.silence.begin()->second;
    core.silence.erase(core.silence.begin());
    Worker& worker = core.workers.at(id);
    worker.present = false;
    RefreshWorker(core, worker);
    step.PutWorkerRecord(worker, WorkerState::kLost);
    step.Note("lost", id, "was not heard of for " + FormatDuration(core.options.lease_ttl));
  }
  step.Finish();
}

TimePoint NextWake(const Core& core) {
  TimePoint wake = TimePoint::Never();
  if (!core.deadlines.empty()) wake = std::min(wake, core.deadlines.begin()->first);
  if (!core.backoff.empty()) wake = std::min(wake, core.backoff.begin()->first);
  if (!core.silence.empty()) wake = std::min(wake, core.silence.begin()->first);
  return wake;
}

}  // namespace eida::sched
