// Changes to what is kept. The scheduler emits them as data, the store applies a batch of them in
// one transaction: neither knows the other.
#pragma once

#include <variant>
#include <vector>

#include "common/domain/records.h"

namespace eida {

struct AddSweep {
  SweepRecord sweep;
  std::vector<RunRecord> runs;
  std::vector<JobRecord> jobs;
};
struct AddJobs {
  std::vector<JobRecord> jobs;
};  // to a sweep that exists (export, later analyses)
struct UpdateSweep {
  SweepId sweep;
  SweepState expected;
  SweepState state;
  WallTime finished;
};
// Guarded: matches no row unless the stored state is `expected`, and that is fatal by design.
struct UpdateJob {
  JobId job;
  JobState expected;
  JobStatus status;
};
struct AddArtifacts {
  JobId job;
  Attempt attempt;
  std::vector<ArtifactRef> artifacts;
};
struct OpenAttempt {
  AttemptRecord attempt;
};
struct CloseAttempt {
  JobId job;
  Attempt attempt;
  WallTime closed;
  std::string outcome;
  std::string message;
};
struct AddCheckpoint {
  CheckpointRecord checkpoint;
};  // a resend of (job, step) is harmless
struct AddMetrics {
  JobId job;
  Attempt attempt;
  std::vector<MetricPoint> points;
};  // so is one of (job, series, step)
struct AddLog {
  std::vector<LogLine> lines;
};
struct AddEvent {
  EventRecord event;
};
struct PutWorker {
  WorkerRecord worker;
};

using Change = std::variant<AddSweep, AddJobs, UpdateSweep, UpdateJob, AddArtifacts, OpenAttempt,
                            CloseAttempt, AddCheckpoint, AddMetrics, AddLog, AddEvent, PutWorker>;

// All that a coordinator needs to go on after a restart.
struct Snapshot {
  std::vector<SweepRecord> sweeps;
  std::vector<RunRecord> runs;
  std::vector<JobRecord> jobs;
  std::vector<AttemptRecord> open_attempts;
  std::vector<CheckpointRecord> checkpoints;  // the newest of each job that has not succeeded
  std::vector<WorkerRecord> workers;
  int64_t next_sweep = 1, next_run = 1, next_job = 1, next_lease = 1;
};

}  // namespace eida
