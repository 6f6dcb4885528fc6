// Bookkeeping of Core's indexes. No effects: recovery uses the same functions as every step.
#pragma once

#include "server/sched/core.h"

namespace eida::sched {

// Takes a record in: twins, group, edges, open parents. The parents are in already; the state is
// not entered yet.
Job& InsertJob(Core& core, JobRecord record);
// The longest remaining paths of all jobs of the sweep. REQUIRES: parents have lower ids than their
// children.
void ComputeRemaining(Core& core, Sweep& sweep);

// Bring the indexes in line with job.record.status.state: Leave before it changes, Enter after.
void LeaveState(Core& core, Job& job);
void EnterState(Core& core, Job& job);

// Bring Core::queue and Core::offers in line with the sweep and the worker.
void RefreshSweep(Core& core, Sweep& sweep);
void RefreshWorker(Core& core, Worker& worker);
// Notes that the worker was heard of (or, with present = false, is gone), and when silence will
// mean that it is lost.
void SetPresent(Core& core, Worker& worker, bool present, TimePoint now);
// Leases to it are welcome.
bool Accepts(const Worker& worker);

void AddLease(Core& core, Lease lease);
void SetDeadline(Core& core, Lease& lease, TimePoint deadline);
// Frees the slot. The lease's jobs have left it already.
void DropLease(Core& core, LeaseId id);

// Does this list hold everything that the job's children ask for? The first missing name, or "".
std::string MissingArtifact(const Job& job, const std::vector<ArtifactRef>& artifacts);

// May the job still get the parents that it needs? What is lost may come back by a retry. What only
// spares it work is never asked for.
bool Enough(const Job& job);
// Does a parent that it needs go on? Then its result is not what it would be.
inline bool AwaitsNeeded(const Job& job) { return job.unfinished_parents > job.lost_parents; }
// Must it wait before it starts? For what spares it work too, until that has ended one way or
// another; once it has begun it does not wait for that again.
inline bool Awaits(const Job& job) { return AwaitsNeeded(job) || job.open_shortcuts > 0; }

// The job that computed this succeeded job's result: itself, or the twin that it was taken over
// from.
JobId MakerOf(const Job& job);

inline size_t Index(JobState s) { return static_cast<size_t>(s); }
inline size_t Index(JobKind k) { return static_cast<size_t>(k); }
constexpr bool IsBad(JobState s) { return IsTerminal(s) && s != JobState::kSucceeded; }
inline JobId IdOf(const Job& job) { return job.record.spec.id; }
inline JobState StateOf(const Job& job) { return job.record.status.state; }
inline ReadyKey KeyOf(const Job& job) { return {job.remaining, IdOf(job)}; }

}  // namespace eida::sched
