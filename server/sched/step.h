// One event being applied: the moves that every On* is made of. Each keeps indexes, tallies and
// effects together; the status of a job is written nowhere else. Construct, move, and call Finish()
// exactly once at the end.
#pragma once

#include <deque>
#include <set>
#include <string>

#include "server/sched/core.h"
#include "server/sched/effects.h"
#include "server/sched/transitions.h"

namespace eida::sched {

class Step {
 public:
  Step(Core& core, Effects& out, Now now) : core(core), out(out), now(now) {}
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  Core& core;
  Effects& out;
  const Now now;

  Job& GetJob(JobId id);
  Sweep& GetSweep(SweepId id);

  // The one gate for a job's state: looks the move up in the transition table (a missing one is
  // fatal), persists it with the old state as guard, and moves the job between indexes.
  // `next.state` is ignored.
  void Change(Job& job, JobEvent event, JobStatus next);
  // Change into ready, or on into succeeded when a twin has succeeded meanwhile.
  void MakeReady(Job& job, JobEvent event, JobStatus next);

  // Ends of an active attempt. `told` is false when the worker does not know yet that the lease may
  // be over.
  void Succeed(Job& job, const Finished& result);
  void Fail(Job& job, ErrorClass error, const std::string& message, bool told);
  // Any job that is not terminal.
  void Cancel(Job& job, const std::string& message);
  // Fails every unfinished job of the lease; none of them lives on in it.
  void EndLease(LeaseId id, ErrorClass error, const std::string& message);
  // Blocked descendants of a failed or cancelled job become skipped, but those that make do without
  // it or that it only spared work, which wait for the rest or become ready.
  void SkipDescendants(const Job& cause);
  // A job that makes do without some parents, and would have or has, waits for them again: they are
  // tried once more. Its result, which lacked theirs, is dropped.
  void Recall(Job& job);
  // Cancels everything of the sweep that is not terminal. Returns how many jobs that were.
  int64_t CancelSweep(Sweep& sweep, const std::string& message);

  void Note(const std::string& type, const Job& job, const std::string& message);
  void Note(const std::string& type, const Sweep& sweep, const std::string& message);
  void Note(const std::string& type, const WorkerId& worker, const std::string& message);
  void PutWorkerRecord(Worker& worker, WorkerState state);
  void Touch(SweepId sweep) { touched_.insert(sweep); }
  void Count(CounterEvent::What what, const Job& job, double seconds = 0,
             ErrorClass error = ErrorClass::kNone);

  // Follows successes to children and twins, applies max_failures, fills free slots, recomputes the
  // sweeps' states.
  void Finish();

 private:
  void Reuse(Job& job, const Job& twin);
  bool TryReuse(Job& job);
  // Closes the newest attempt and takes the job out of its lease. Returns the seconds that it ran.
  double CloseAttempt(Job& job, const std::string& outcome, const std::string& message, bool told);
  // Makes a blocked job ready when it waits for nothing more.
  void Unblock(Job& job);
  void SettleSuccesses();
  void RecomputeSweep(Sweep& sweep);

  std::set<SweepId> touched_;
  std::set<SweepId> over_limit_;  // reached max_failures
  std::deque<JobId> succeeded_;   // children and twins are not told yet
};

// Lends free slots to ready jobs until either runs out. Called by Finish.
void Place(Step& step);

}  // namespace eida::sched
