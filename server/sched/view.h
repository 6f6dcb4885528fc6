// Read-only questions about Core, for replies and metrics. Pointers and references are valid until
// the next On*.
#pragma once

#include <string>
#include <vector>

#include "server/sched/core.h"

namespace eida::sched {

const SweepRecord* FindSweep(const Core& core, SweepId id);  // null when unknown
const JobRecord* FindJob(const Core& core, JobId id);
// All sweeps, oldest first.
std::vector<SweepId> SweepIds(const Core& core);
// The jobs of a sweep in the order of their ids; empty when the sweep is unknown.
const std::vector<JobId>& SweepJobs(const Core& core, SweepId id);
// Progress of an active job; zeros otherwise.
Progress ProgressOf(const Core& core, JobId id);
// What a ready job waits for when that is more than its turn: as many slots of one worker as it
// needs. "" = nothing.
std::string WaitsFor(const Core& core, const Job& job);
// Ready jobs of the sweep that need more than one slot, in the order of their urgency.
std::vector<JobId> WaitingGangs(const Core& core, SweepId id);
// Attempts, reuse and states of one sweep by kind; null when unknown.
const Tallies* TalliesOf(const Core& core, SweepId id);
// Jobs that hold a lease, in the order of their ids.
std::vector<JobId> ActiveJobs(const Core& core, SweepId id);
// Jobs of all sweeps by kind and state.
Tallies AllTallies(const Core& core);
// When the longest waiting ready job of this kind became ready; 0 = none is ready. O(jobs of sweeps
// that have one).
WallTime OldestReady(const Core& core, JobKind kind);

struct SlotView {
  SlotInfo info;
  LeaseId lease;            // 0 = free
  std::vector<JobId> jobs;  // unfinished jobs of the lease
};
struct WorkerView {
  WorkerRecord record;  // with the present state and last_seen
  std::vector<SlotView> slots;
};
// All workers ever seen, by id.
std::vector<WorkerView> Workers(const Core& core);

struct Totals {
  int workers = 0;  // present
  int slots_total = 0;
  int slots_busy = 0;
  int64_t leases = 0;
  int64_t sweeps = 0;
};
Totals TotalsOf(const Core& core);

}  // namespace eida::sched
