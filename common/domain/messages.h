// What workers and the coordinator say to one another, as plain data. The wire room maps it to
// proto.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/domain/records.h"

namespace eida {

// Sync is the one conversation of a worker: it registers, renews the leases it holds, and learns
// what it should hold. It is level-triggered: the reply is computed from the coordinator's state
// and what the worker says it holds, so a lost request or reply heals with the next one.
struct SyncRequest {
  WorkerRecord worker;        // id, session, host, version, pid, slots
  std::vector<LeaseId> held;  // leases this worker knows and works on
  bool draining = false;      // takes no new lease
  Millis wait{0};  // how long the coordinator may hold the reply back when there is nothing to say
};

// An input that will not come, of a job that makes do without it.
struct MissingInput {
  std::string role;
  std::string reason;  // what became of the job that should have made it
};

struct GrantJob {
  JobId job;
  Attempt attempt = 0;
  JobKind kind = JobKind::kTrain;
  std::string name;                   // "s1/train/lora-r8/seed1", for people
  std::string spec;                   // canonical JSON
  std::vector<ArtifactRef> inputs;    // static inputs and parents' artifacts, by role
  std::optional<ArtifactRef> resume;  // the newest checkpoint of an earlier attempt
  std::vector<MissingInput> missing;  // of a job with a quorum
};

struct Grant {
  LeaseId lease;
  std::vector<int> slots;  // indexes into the worker's; several = one job, a process on each
  std::vector<GrantJob> jobs;
};

struct SyncReply {
  std::vector<Grant> grants;  // granted to this worker and not among `held`
  std::vector<LeaseId>
      revoked;  // held, but no longer (or never) this worker's: stop them, report nothing
  Millis lease_ttl{15'000};  // a lease that is not renewed for this long is lost
};

struct Started {};
struct Progress {
  int64_t done = 0;
  int64_t total = 0;
  std::string unit;
};
struct Metrics {
  std::vector<MetricPoint> points;
};
struct CheckpointMade {
  int64_t step = 0;
  std::string metrics;
  ArtifactRef artifact;
};
struct LogText {
  int64_t seq = 0;
  WallTime at;
  std::string text;
};
struct Finished {
  ErrorClass error = ErrorClass::kNone;  // kNone = succeeded
  std::string message;
  std::string summary;
  std::vector<ArtifactRef> artifacts;  // already in the artifact store
};
using ReportItem = std::variant<Started, Progress, Metrics, CheckpointMade, LogText, Finished>;

// What one attempt has to say, in order. A batch is resent until it is acknowledged; a resend is
// harmless.
struct JobReport {
  JobId job;
  Attempt attempt = 0;
  std::vector<ReportItem> items;
};

enum class ReportVerdict : uint8_t {
  kAccepted = 1,
  kStale = 2
};  // kStale: not the newest attempt; stop working on it

}  // namespace eida
