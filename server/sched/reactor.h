// The scheduling state machine. Every On* takes what happened and the time, updates `core`, and
// tells `out` what must be done about it. Pure: no I/O, no clock, no locks; runs on the
// coordinator's loop. An event that returns an error changed nothing. REQUIRES: nothing told to
// `out` leaves the process before its Persist effects commit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/sched/core.h"
#include "server/sched/effects.h"

namespace eida::sched {

// Takes a planned sweep: ids local to the plan (1..n, parents before children) are replaced by real
// ones. Jobs whose fingerprint has succeeded in any sweep are born succeeded. A known idempotency
// key with the same plan returns that sweep and changes nothing; with another plan it is
// AlreadyExists.
Result<SweepId> OnSubmit(Core& core, Effects& out, AddSweep plan, Now now);

// The newest sweep with this plan fingerprint.
std::optional<SweepId> FindByFingerprint(const Core& core, const Fingerprint& fingerprint);

// Adds one job to a sweep that exists; `spec.sweep` and the parents carry real ids. The same name
// and fingerprint again is the same job (tried again if it had failed). The sweep's state is
// recomputed: it runs again while the job does.
Result<JobId> OnAddJob(Core& core, Effects& out, JobRecord job, Now now);

// A worker registers, renews the leases that it holds, and frees slots for placement. A new session
// ends those of the one before as worker_lost; an earlier one is void while that one is heard of.
void OnSync(Core& core, Effects& out, const SyncRequest& request, Now now);

// What the worker should hold, computed from the state alone: leases that it does not hold are
// granted (again), held ones that are not its own are revoked. Call it after OnSync of the same
// request, and again when Notify names the worker.
SyncReply ViewFor(const Core& core, const SyncRequest& request);

// One verdict per report. Only the holder of the lease, with the newest attempt, is listened to;
// the resend of an end that was accepted is accepted again and changes nothing.
std::vector<ReportVerdict> OnReport(Core& core, Effects& out, const WorkerId& worker,
                                    const std::string& session,
                                    const std::vector<JobReport>& reports, Now now);

// The worker goes away in good order: its leases end as preempted.
void OnLeave(Core& core, Effects& out, const WorkerId& worker, const std::string& session, Now now);

// Starts or ends draining. NotFound for an unknown worker.
Status OnDrain(Core& core, Effects& out, const WorkerId& worker, bool drain, Now now);

// Does what is due: leases that ran out, retries after backoff, silent workers.
void OnTick(Core& core, Effects& out, Now now);
// When OnTick has something to do next; Never() if nothing waits for time.
TimePoint NextWake(const Core& core);

// Cancels the named jobs, or all of the sweep when `jobs` is empty; their descendants are skipped.
// Returns how many were not terminal before (without the skipped ones).
Result<int64_t> OnCancel(Core& core, Effects& out, SweepId sweep, const std::vector<JobId>& jobs,
                         Now now);

// Tries failed and cancelled jobs again with fresh failure counts: the named ones with the
// ancestors that they wait for, or all of the sweep when `jobs` is empty; with `filter` other than
// kNone only those that ended with that class. Skipped descendants wait again. Succeeded jobs never
// change. Returns how many jobs left a terminal state.
Result<int64_t> OnRetry(Core& core, Effects& out, SweepId sweep, const std::vector<JobId>& jobs,
                        ErrorClass filter, Now now);

}  // namespace eida::sched
