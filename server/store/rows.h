// Rows to domain records, for Store::Load and for Reader. Each k..Columns list goes with the
// function that reads it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/domain/records.h"
#include "server/store/db.h"
#include "server/store/texts.h"

namespace eida::store {

// JSON of the columns that hold lists and maps.
std::string RetriesJson(const RetryPolicy& policy);
std::string LabelsJson(const std::map<std::string, std::string>& labels);
std::string InputsJson(const std::vector<JobInput>& inputs);
std::string SlotsJson(const std::vector<SlotInfo>& slots);

inline std::string Sql(const char* columns, const std::string& rest) {
  return std::string("SELECT ") + columns + " " + rest;
}

inline constexpr char kSweepColumns[] =
    "s.id, s.name, s.description, s.labels, s.fingerprint, s.idempotency_key, s.retries, "
    "s.max_parallel, s.max_failures,"
    " s.priority, s.state, s.created, s.finished";  // source and resolved, the big ones, follow
                                                    // where they are wanted
inline constexpr int kSweepColumnCount = 13;
SweepRecord ReadSweep(const Query& row);

inline constexpr char kRunColumns[] =
    "r.id, r.sweep, r.position, r.name, r.variant, r.seed, r.settings, r.train_job, "
    "r.trainable_parameters,"
    " r.base_parameters";
RunRecord ReadRun(const Query& row);

inline constexpr char kJobColumns[] =
    "j.id, j.sweep, j.run, j.kind, j.name, j.fingerprint, j.bundle_key, j.cost, j.slots, j.state, "
    "j.attempt, j.failures,"
    " j.free_failures, j.reused_from, j.cause, j.error, j.error_message, j.summary, j.worker, "
    "j.created, j.ready_at,"
    " j.started, j.finished, j.retry_at, j.quorum, j.lacking";  // spec and inputs follow where they
                                                                // are wanted
inline constexpr int kJobColumnCount = 26;
JobRecord ReadJob(const Query& row);
// Columns kJobColumnCount and +1: the template of the spec and the id of the inputs.
void ReadJobSpec(const Query& row, Db& db, TextCache& texts, JobSpec& spec);

inline constexpr char kEdgeColumns[] = "e.job, e.role, e.parent, e.artifact, e.shortcut";
ParentEdge ReadEdge(const Query& row);
inline constexpr char kArtifactColumns[] = "a.job, a.name, a.kind, a.digest, a.size, a.meta";
ArtifactRef ReadArtifact(const Query& row, int first = 1);
inline constexpr char kAttemptColumns[] =
    "t.job, t.attempt, t.lease, t.worker, t.slots, t.opened, t.closed, t.outcome, t.message";
AttemptRecord ReadAttempt(const Query& row);
inline constexpr char kCheckpointColumns[] =
    "c.job, c.attempt, c.step, c.metrics, c.at, c.name, c.kind, c.digest, c.size, c.meta";
CheckpointRecord ReadCheckpoint(const Query& row);
inline constexpr char kWorkerColumns[] =
    "w.id, w.session, w.host, w.version, w.pid, w.slots, w.state, w.joined, w.last_seen, w.drained";
WorkerRecord ReadWorker(const Query& row);
inline constexpr char kEventColumns[] =
    "v.id, v.at, v.sweep, v.job, v.attempt, v.worker, v.type, v.message";
EventRecord ReadEvent(const Query& row);
inline constexpr char kLogColumns[] = "l.id, l.job, l.attempt, l.seq, l.at, l.text";
LogLine ReadLog(const Query& row);

}  // namespace eida::store
