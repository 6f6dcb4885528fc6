// How attempts and jobs end, and what that means for the jobs below them.
#include <algorithm>

#include "server/sched/fatal.h"
#include "server/sched/index.h"
#include "server/sched/policy.h"
#include "server/sched/step.h"

namespace eida::sched {
namespace {

std::string TimesInARow(const Job& job, int times) {
  return " (" + std::to_string(times) + " in a row" +
         (job.record.spec.kind == JobKind::kTrain
              ? " without a checkpoint; checkpoint.every says how often one is written"
              : "") +
         ")";
}

}  // namespace

double Step::CloseAttempt(Job& job, const std::string& outcome, const std::string& message,
                          bool told) {
  const JobStatus& status = job.record.status;
  const LeaseId id = job.lease;
  Lease& lease = Must(core.leases, id, "the lease of an active job");
  const WallTime since = status.started.ms != 0 ? status.started : lease.opened;
  out.Persist(eida::CloseAttempt{IdOf(job), status.attempt, now.wall, outcome, message});
  std::erase(lease.open, IdOf(job));
  job.lease = {};
  job.progress = {};
  if (lease.open.empty()) {
    if (!told) out.Notify(lease.worker);
    DropLease(core, id);
  }
  return std::max<int64_t>(0, now.wall.ms - since.ms) / 1000.0;
}

void Step::Succeed(Job& job, const Finished& result) {
  JobStatus next = job.record.status;
  next.error = ErrorClass::kNone;
  next.error_message.clear();
  next.summary = result.summary;
  next.lacking = job.lost_parents;
  next.finished = now.wall;
  job.record.artifacts = result.artifacts;
  if (!result.artifacts.empty())
    out.Persist(AddArtifacts{IdOf(job), next.attempt, result.artifacts});
  const double seconds = CloseAttempt(job, "succeeded", "", true);
  job.checkpoint.reset();
  Change(job, JobEvent::kSucceeded, std::move(next));
  KindTally& tally = GetSweep(job.record.spec.sweep).kinds[Index(job.record.spec.kind)];
  tally.finished_seconds += seconds;
  ++tally.finished_timed;
  Count(CounterEvent::What::kFinished, job, seconds);
  Note("succeeded", job,
       job.lost_parents == 0 ? ""
                             : "without " + std::to_string(job.lost_parents) + " of " +
                                   std::to_string(job.distinct_parents) + " parents");
  succeeded_.push_back(IdOf(job));
}

void Step::Fail(Job& job, ErrorClass error, const std::string& message, bool told) {
  Sweep& sweep = GetSweep(job.record.spec.sweep);
  JobStatus next = job.record.status;
  // An attempt that left a checkpoint has moved the job on: however often workers go away, it ends.
  if (job.checkpoint && job.checkpoint->attempt == next.attempt) next.free_failures = 0;
  const RetryDecision decision =
      DecideRetry(sweep.record.retries, error, next.failures, next.free_failures);
  ++(decision.free ? next.free_failures : next.failures);
  next.error = error;
  next.error_message = message;
  const double seconds = CloseAttempt(job, eida::ToString(error), message, told);
  const std::string said =
      std::string(eida::ToString(error)) + (message.empty() ? "" : ": " + message);
  if (decision.verdict == Verdict::kGiveUp) {
    if (decision.free) next.error_message += TimesInARow(job, next.free_failures);
    next.finished = now.wall;
    Change(job, JobEvent::kFailed, std::move(next));
    Count(CounterEvent::What::kFinished, job, seconds, error);
    Note("failed", job, said);
    SkipDescendants(job);
    const int limit = sweep.record.max_failures;
    if (limit > 0 && sweep.by_state[Index(JobState::kFailed)] >= limit)
      over_limit_.insert(sweep.record.id);
    return;
  }
  Count(CounterEvent::What::kRetry, job, seconds, error);
  Note(error == ErrorClass::kWorkerLost ? "lost" : "retry", job, said);
  if (decision.verdict == Verdict::kAgainNow) {
    MakeReady(job, JobEvent::kRetried, std::move(next));
    return;
  }
  next.retry_at = {now.wall.ms + decision.delay.count()};
  job.retry_at = now.mono + decision.delay;
  Change(job, JobEvent::kDelayed, std::move(next));
}

void Step::Cancel(Job& job, const std::string& message) {
  double seconds = CounterEvent::kNeverRan;
  const bool was_active = IsActive(StateOf(job));
  if (was_active)
    seconds = CloseAttempt(job, eida::ToString(ErrorClass::kCancelled), message, false);
  JobStatus next = job.record.status;
  next.error = ErrorClass::kCancelled;
  next.error_message = message;
  next.finished = now.wall;
  next.retry_at = {};
  Change(job, JobEvent::kCancelled, std::move(next));
  Count(CounterEvent::What::kFinished, job, seconds, ErrorClass::kCancelled);
  if (was_active) Note("cancelled", job, message);
}

void Step::EndLease(LeaseId id, ErrorClass error, const std::string& message) {
  const std::vector<JobId> open = Must(core.leases, id, "a lease").open;
  for (const JobId job : open) Fail(GetJob(job), error, message, false);
}

void Step::SkipDescendants(const Job& cause) {
  const std::string message =
      cause.record.spec.name + " " + eida::ToString(StateOf(cause)) +
      (StateOf(cause) == JobState::kFailed
           ? std::string(" (") + eida::ToString(cause.record.status.error) + ")"
           : "");
  std::deque<const Job*> waiting{&cause};
  while (!waiting.empty()) {
    const Job& parent = *waiting.front();
    waiting.pop_front();
    for (const JobId id : parent.spared) Unblock(GetJob(id));
    for (const JobId id : parent.children) {
      Job& child = GetJob(id);
      if (StateOf(child) != JobState::kBlocked) continue;
      if (Enough(child)) {
        Unblock(child);
        continue;
      }
      JobStatus next = child.record.status;
      next.cause = IdOf(cause);
      next.error_message = message;
      next.finished = now.wall;
      Change(child, JobEvent::kSkipped, std::move(next));
      Count(CounterEvent::What::kFinished, child, CounterEvent::kNeverRan);
      Note("skipped", child, "because " + message);
      waiting.push_back(&child);
    }
  }
}

void Step::Recall(Job& job) {
  if (StateOf(job) == JobState::kSucceeded && job.record.status.lacking == 0) {
    Fatal("scheduler: " + IdOf(job).ToString() + " (" + job.record.spec.name +
          ") lacks nothing and cannot be recalled");
  }
  const std::string message = "a parent that it made do without is tried again";
  if (IsActive(StateOf(job)))
    CloseAttempt(job, eida::ToString(ErrorClass::kCancelled), message, false);
  JobStatus next = job.record.status;
  next.lacking = 0;
  next.summary.clear();
  next.finished = next.retry_at = {};
  job.record.artifacts.clear();
  job.checkpoint.reset();
  Change(job, JobEvent::kRecalled, std::move(next));
  Note("recalled", job, message);
}

int64_t Step::CancelSweep(Sweep& sweep, const std::string& message) {
  int64_t cancelled = 0;
  for (const JobId id : sweep.jobs) {
    Job& job = GetJob(id);
    if (IsTerminal(StateOf(job))) continue;
    Cancel(job, message);
    ++cancelled;
  }
  return cancelled;
}

}  // namespace eida::sched
