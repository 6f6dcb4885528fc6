#include "server/sched/recover.h"

#include <algorithm>

#include "server/sched/fatal.h"
#include "server/sched/index.h"
#include "server/sched/step.h"

namespace eida::sched {
namespace {

void TakeSweeps(Core& core, const Snapshot& snapshot) {
  std::vector<const SweepRecord*> sweeps;
  for (const SweepRecord& record : snapshot.sweeps) sweeps.push_back(&record);
  std::sort(sweeps.begin(), sweeps.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });
  for (const SweepRecord* record : sweeps) {
    core.sweeps[record->id].record = *record;
    if (!record->idempotency_key.empty()) core.by_key[record->idempotency_key] = record->id;
    if (!record->fingerprint.empty()) core.by_fingerprint[record->fingerprint] = record->id;
  }
}

void TakeJobs(Core& core, const Snapshot& snapshot) {
  std::vector<const JobRecord*> jobs;
  for (const JobRecord& record : snapshot.jobs) jobs.push_back(&record);
  std::sort(jobs.begin(), jobs.end(),
            [](const auto* a, const auto* b) { return a->spec.id < b->spec.id; });
  for (const JobRecord* record : jobs) {
    Job& job = InsertJob(core, *record);
    const JobStatus& status = record->status;
    const bool lost = status.error == ErrorClass::kWorkerLost ||
                      status.error == ErrorClass::kCancelled ||
                      status.error == ErrorClass::kPreempted;
    const bool reported = status.state == JobState::kSucceeded
                              ? !status.reused_from
                              : status.error != ErrorClass::kNone && !lost;
    if (reported) {
      job.ended = status.attempt;
      job.ended_by = status.worker;
    }
  }
  for (const CheckpointRecord& checkpoint : snapshot.checkpoints) {
    const auto it = core.jobs.find(checkpoint.job);
    if (it == core.jobs.end() || StateOf(it->second) == JobState::kSucceeded) continue;
    auto& newest = it->second.checkpoint;
    if (!newest ||
        std::pair(newest->attempt, newest->step) < std::pair(checkpoint.attempt, checkpoint.step)) {
      newest = checkpoint;
    }
  }
}

void TakeWorkers(Core& core, const Snapshot& snapshot, Now now) {
  for (const WorkerRecord& record : snapshot.workers) {
    Worker& worker = core.workers[record.id];
    worker.record = record;
    worker.slots.assign(record.slots.size(), LeaseId());
    worker.free = static_cast<int>(worker.slots.size());
    worker.drained = record.drained;
    worker.last_seen = now.mono;
    if (record.state == WorkerState::kLeft) worker.retired.push_back(record.session);
    if (record.state == WorkerState::kLeft || record.state == WorkerState::kLost) continue;
    core.silence.insert({worker.last_seen + core.options.lease_ttl, record.id});
  }
}

// Open attempts -> leases.
void TakeLeases(Core& core, const Snapshot& snapshot, Now now) {
  std::map<LeaseId, std::vector<const AttemptRecord*>> by_lease;
  for (const AttemptRecord& attempt : snapshot.open_attempts) {
    const Job& job = Must(core.jobs, attempt.job, "the job of an open attempt");
    if (!IsActive(StateOf(job)) || job.record.status.attempt != attempt.attempt) {
      Fatal("recovery: attempt " + std::to_string(attempt.attempt) + " of " +
            attempt.job.ToString() + " is open, but the job is " + eida::ToString(StateOf(job)) +
            " at attempt " + std::to_string(job.record.status.attempt) +
            "; restore the data directory from a backup");
    }
    by_lease[attempt.lease].push_back(&attempt);
  }
  for (auto& [id, attempts] : by_lease) {
    const AttemptRecord& first = *attempts.front();
    const Worker& worker = Must(core.workers, first.worker, "the worker of an open attempt");
    for (const int index : first.slots) {
      const auto slot = static_cast<size_t>(index);
      if (slot < worker.slots.size() && !worker.slots[slot]) continue;
      Fatal("recovery: lease " + id.ToString() + " is on slot " + std::to_string(index) +
            " of worker " + first.worker.str() + ", which is " +
            (slot < worker.slots.size() ? "taken" : "not there") +
            "; restore the data directory from a backup");
    }
    Lease lease;
    lease.id = id;
    lease.worker = first.worker;
    lease.session = worker.record.session;
    lease.sweep = core.jobs.at(first.job).record.spec.sweep;
    lease.slots = first.slots;
    lease.opened = first.opened;
    lease.deadline = now.mono + core.options.lease_ttl;
    for (const AttemptRecord* attempt : attempts) {
      lease.open.push_back(attempt->job);
      core.jobs.at(attempt->job).lease = id;
    }
    AddLease(core, std::move(lease));
  }
}

void EnterStates(Core& core, Sweep& sweep, Now now) {
  ComputeRemaining(core, sweep);
  for (const JobId id : sweep.jobs) {
    Job& job = core.jobs.at(id);
    const JobStatus& status = job.record.status;
    if (IsActive(status.state) && !job.lease) {
      Fatal("recovery: " + id.ToString() + " is " + eida::ToString(status.state) +
            ", but none of its attempts is open; restore the data directory from a backup");
    }
    if (status.state == JobState::kBackoff) {
      const int64_t longest = sweep.record.retries.max_backoff.count();
      job.retry_at =
          now.mono + Millis(std::clamp<int64_t>(status.retry_at.ms - now.wall.ms, 0, longest));
    }
    EnterState(core, job);
    KindTally& tally = sweep.kinds[Index(job.record.spec.kind)];
    if (status.state != JobState::kSucceeded) continue;
    if (status.reused_from) {
      ++tally.reused;
    } else {
      ++tally.finished_timed;
      const int64_t ran = status.started.ms == 0 ? 0 : status.finished.ms - status.started.ms;
      tally.finished_seconds += std::max<int64_t>(0, ran) / 1000.0;
    }
  }
}

}  // namespace

Core Recover(const Snapshot& snapshot, Effects& out, Now now, const Options& options) {
  Core core;
  core.options = options;
  core.next_sweep = snapshot.next_sweep;
  core.next_run = snapshot.next_run;
  core.next_job = snapshot.next_job;
  core.next_lease = snapshot.next_lease;
  TakeSweeps(core, snapshot);
  TakeJobs(core, snapshot);
  TakeWorkers(core, snapshot, now);
  TakeLeases(core, snapshot, now);
  for (const SweepRecord& record : snapshot.sweeps)
    EnterStates(core, core.sweeps.at(record.id), now);
  Step step(core, out, now);
  step.Finish();
  return core;
}

}  // namespace eida::sched
