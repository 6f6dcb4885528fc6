// What the coordinator keeps: sweeps, runs, jobs, artifacts, workers. Plain data; the words are
// DESIGN section 1's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/domain/enums.h"

namespace eida {

// An immutable result or input, named by the SHA-256 of its content.
struct ArtifactRef {
  std::string name;  // unique within the job: "weights", "losses", "matrix"
  std::string
      kind;  // what it holds: adapter, model, checkpoint, eval, gram, curve, matrix, soup, file
  Digest digest;
  int64_t size = 0;
  std::string meta;  // small JSON object, "" = none
};

// A file that a job needs and that no other job makes (a model's file, a data file).
struct JobInput {
  std::string name;  // how the runner finds it: "model/config.json", "data/reviews.tsv"
  Digest digest;
};

// `artifact` of `parent` is this job's input `role` ("weights", "end_a", "member/3").
struct ParentEdge {
  std::string role;
  JobId parent;
  std::string artifact;
  // The input spares work and changes nothing of the result: the job waits until the parent has
  // ended, however it ends, and does without the input where there is none.
  bool shortcut = false;
};

// How failures of a job are answered; from the sweep's `retries`.
struct RetryPolicy {
  int max = 3;        // counted failures (crashed, internal, oom, ...) before it fails
  int max_free = 20;  // worker_lost, preempted and io in a row without a checkpoint before it fails
  Millis backoff{1000};  // doubles with each counted failure
  Millis max_backoff{600'000};
  std::vector<ErrorClass> never = {ErrorClass::kNonfinite, ErrorClass::kData, ErrorClass::kConfig};
};

// What is fixed when the job is made.
struct JobSpec {
  JobId id;
  SweepId sweep;
  RunId run;  // 0 for jobs that belong to no single run
  JobKind kind = JobKind::kTrain;
  std::string name;  // unique within the sweep: "train/lora-r8/seed1", "path/gap/0-3"
  std::string spec;  // canonical JSON; with the parents' fingerprints it determines the result
  Fingerprint fingerprint;
  std::vector<JobInput> inputs;
  std::vector<ParentEdge> parents;
  std::string bundle_key;  // ready jobs of equal kind and key may share one process; "" = never
  double cost = 1;         // expected seconds, for critical-path order
  int slots = 1;  // of one worker, all or none: more than one = a gang of processes, one a slot
  // How many parents, shortcuts aside, must succeed once all have ended; 0 = each of them. With a
  // quorum the job makes do without the inputs that are missing, and no other job may read its
  // result.
  int quorum = 0;
};

// What changes while it lives.
struct JobStatus {
  JobState state = JobState::kBlocked;
  Attempt attempt = 0;    // the newest attempt; the fence
  int failures = 0;       // counted failures since the last `retry`
  int free_failures = 0;  // worker_lost, preempted, io, since the last attempt with a checkpoint
  JobId reused_from;      // finished twin whose result this job took over
  JobId cause;            // for skipped: the ancestor that failed or was cancelled
  int lacking = 0;        // for succeeded: parents without a result, when it ran without them
  ErrorClass error = ErrorClass::kNone;
  std::string error_message;
  std::string summary;  // JSON object out of the runner's `done`
  WorkerId worker;      // of the newest attempt
  WallTime created, ready_at, started, finished;
  WallTime retry_at;  // for backoff
};

struct JobRecord {
  JobSpec spec;
  JobStatus status;
  std::vector<ArtifactRef> artifacts;  // of the successful attempt
};

struct RunRecord {
  RunId id;
  SweepId sweep;
  int index = 0;        // grid order
  std::string name;     // "lora-r8/seed1"
  std::string variant;  // "lora-r8"
  int64_t seed = 0;
  std::string settings;  // resolved {adapter, train, ...} of the variant, JSON
  JobId train_job;
  int64_t trainable_parameters = 0;
  int64_t base_parameters = 0;
};

struct SweepRecord {
  SweepId id;
  std::string name;
  std::string description;
  std::map<std::string, std::string> labels;
  std::string source;           // sweep.yaml as submitted
  std::string resolved;         // the same, resolved, JSON
  Fingerprint fingerprint;      // of the whole plan: equal = the same study
  std::string idempotency_key;  // "" = none
  RetryPolicy retries;
  int max_parallel = 0;  // active jobs at once; 0 = no limit
  int max_failures = 0;  // failed jobs after which the sweep is cancelled; 0 = never
  int priority = 0;      // higher first
  SweepState state = SweepState::kRunning;
  WallTime created, finished;
};

struct CheckpointRecord {
  JobId job;
  Attempt attempt = 0;
  int64_t step = 0;
  std::string metrics;  // JSON object, "" = none
  ArtifactRef artifact;
  WallTime at;
};

struct MetricPoint {
  std::string series;  // "train/loss", "select/accuracy"
  int64_t step = 0;
  double value = 0;
};

struct LogLine {
  JobId job;
  Attempt attempt = 0;
  int64_t seq = 0;  // within the attempt
  WallTime at;
  std::string text;
};

// The history that people read: one row per thing that happened.
struct EventRecord {
  int64_t id = 0;
  WallTime at;
  SweepId sweep;
  JobId job;
  Attempt attempt = 0;
  WorkerId worker;
  std::string type;  // submitted, leased, started, succeeded, failed, retry, lost, refused,
                     // cancelled, skipped, reused, ...
  std::string message;
};

struct AttemptRecord {
  JobId job;
  Attempt attempt = 0;
  LeaseId lease;
  WorkerId worker;
  WallTime opened, closed;  // closed 0 = still open
  std::string outcome;      // "", succeeded, or the text of an ErrorClass
  std::string message;
  std::vector<int> slots;  // indexes into the worker's; a restart must know which are taken
};

struct SlotInfo {
  int index = 0;
  std::string device;     // "cpu" or "cuda:0"
  std::vector<int> cpus;  // the cores that are this slot's own
};

struct WorkerRecord {
  WorkerId id;
  std::string session;  // new with every start of the worker process
  std::string host;
  std::string version;
  int64_t pid = 0;
  std::vector<SlotInfo> slots;
  WorkerState state = WorkerState::kIdle;
  WallTime joined, last_seen;
  bool drained = false;  // an operator's wish, kept whatever becomes of the worker
};

}  // namespace eida
