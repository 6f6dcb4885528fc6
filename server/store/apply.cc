#include "server/store/apply.h"

#include <variant>

#include "common/base/json.h"
#include "server/store/rows.h"

namespace eida::store {
namespace {

// What the row of a failed guard really holds, for the message.
std::string Found(Db& db, const char* sql, int64_t id, const char* (*text)(int64_t)) {
  Query query(db, sql, id);
  return query.Next() ? std::string("it is ") + text(query.Int(0)) : "there is no such row";
}

const char* JobStateText(int64_t state) { return ToString(static_cast<JobState>(state)); }
const char* SweepStateText(int64_t state) { return ToString(static_cast<SweepState>(state)); }

std::string Named(JobId job, Attempt attempt) {
  return job.ToString() + " attempt " + std::to_string(attempt);
}

}  // namespace

Status Applier::One(const Change& change) {
  return std::visit([this](const auto& one) { return Do(one); }, change);
}

void Applier::Forget() {
  texts_.Forget();
  series_.clear();
}

Status Applier::Do(const AddSweep& change) {
  const SweepRecord& sweep = change.sweep;
  {
    Query insert(db_,
                 "INSERT INTO sweeps (id, name, description, labels, source, resolved, "
                 "fingerprint, retries, max_parallel,"
                 " max_failures, priority, state, created, finished, idempotency_key)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 sweep.id, sweep.name, sweep.description, LabelsJson(sweep.labels), sweep.source,
                 sweep.resolved, sweep.fingerprint, RetriesJson(sweep.retries), sweep.max_parallel,
                 sweep.max_failures, sweep.priority, sweep.state, sweep.created, sweep.finished);
    sweep.idempotency_key.empty() ? insert.BindNull() : insert.Bind(sweep.idempotency_key);
    insert.Run();
  }
  for (const RunRecord& run : change.runs) {
    Query(db_,
          "INSERT INTO runs (id, sweep, position, name, variant, seed, settings, train_job, "
          "trainable_parameters,"
          " base_parameters) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          run.id, run.sweep, run.index, run.name, run.variant, run.seed, run.settings,
          run.train_job, run.trainable_parameters, run.base_parameters)
        .Run();
  }
  for (const JobRecord& job : change.jobs) InsertJob(job);
  return OkStatus();
}

Status Applier::Do(const AddJobs& change) {
  for (const JobRecord& job : change.jobs) InsertJob(job);
  return OkStatus();
}

void Applier::InsertJob(const JobRecord& job) {
  const JobSpec& spec = job.spec;
  const JobStatus& status = job.status;
  Query(db_,
        "INSERT INTO jobs (id, sweep, run, kind, name, spec, fingerprint, inputs, bundle_key, "
        "cost, slots, quorum, state, attempt,"
        " failures, free_failures, reused_from, cause, lacking, error, error_message, summary, "
        "worker, created, ready_at, started, finished, retry_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?)",
        spec.id, spec.sweep, spec.run, spec.kind, spec.name, texts_.PutTemplate(spec.spec),
        spec.fingerprint, texts_.Put(InputsJson(spec.inputs)), spec.bundle_key, spec.cost,
        spec.slots, spec.quorum, status.state, status.attempt, status.failures,
        status.free_failures, status.reused_from, status.cause, status.lacking, status.error,
        status.error_message, status.summary, status.worker, status.created, status.ready_at,
        status.started, status.finished, status.retry_at)
      .Run();
  int64_t position = 0;
  for (const ParentEdge& edge : spec.parents) {
    Query(db_,
          "INSERT INTO edges (job, position, role, parent, artifact, shortcut) VALUES (?, ?, ?, ?, "
          "?, ?)",
          spec.id, position++, edge.role, edge.parent, edge.artifact, edge.shortcut)
        .Run();
  }
  InsertArtifacts(spec.id, status.attempt, job.artifacts);
}

void Applier::InsertArtifacts(JobId job, Attempt attempt,
                              const std::vector<ArtifactRef>& artifacts) {
  int64_t position = 0;
  for (const ArtifactRef& artifact : artifacts) {
    Query(db_,
          "INSERT INTO artifacts (job, position, attempt, name, kind, digest, size, meta) VALUES "
          "(?, ?, ?, ?, ?, ?, ?, ?)",
          job, position++, attempt, artifact.name, artifact.kind, artifact.digest, artifact.size,
          artifact.meta)
        .Run();
  }
}

Status Applier::Do(const UpdateSweep& change) {
  const int rows =
      Query(db_, "UPDATE sweeps SET state = ?, finished = ? WHERE id = ? AND state = ?",
            change.state, change.finished, change.sweep, change.expected)
          .Run();
  if (rows == 1) return OkStatus();
  return Internal(
      "sweep " + change.sweep.ToString() + ": expected " + ToString(change.expected) + " before " +
      ToString(change.state) + ", but " +
      Found(db_, "SELECT state FROM sweeps WHERE id = ?", change.sweep.value(), SweepStateText));
}

Status Applier::Do(const UpdateJob& change) {
  const JobStatus& status = change.status;
  const int rows =
      Query(db_,
            "UPDATE jobs SET state = ?, attempt = ?, failures = ?, free_failures = ?, reused_from "
            "= ?, cause = ?, lacking = ?, error = ?,"
            " error_message = ?, summary = ?, worker = ?, created = ?, ready_at = ?, started = ?, "
            "finished = ?, retry_at = ?"
            " WHERE id = ? AND state = ?",
            status.state, status.attempt, status.failures, status.free_failures, status.reused_from,
            status.cause, status.lacking, status.error, status.error_message, status.summary,
            status.worker, status.created, status.ready_at, status.started, status.finished,
            status.retry_at, change.job, change.expected)
          .Run();
  if (rows == 1) {
    // A result that lacked something gives way.
    if (change.expected == JobState::kSucceeded)
      Query(db_, "DELETE FROM artifacts WHERE job = ?", change.job).Run();
    return OkStatus();
  }
  return Internal(
      "job " + change.job.ToString() + ": expected " + ToString(change.expected) + " before " +
      ToString(status.state) + ", but " +
      Found(db_, "SELECT state FROM jobs WHERE id = ?", change.job.value(), JobStateText));
}

Status Applier::Do(const AddArtifacts& change) {
  InsertArtifacts(change.job, change.attempt, change.artifacts);
  return OkStatus();
}

Status Applier::Do(const OpenAttempt& change) {
  const AttemptRecord& attempt = change.attempt;
  Query(
      db_,
      "INSERT INTO attempts (job, attempt, lease, worker, slots, opened, closed, outcome, message)"
      " VALUES (?, ?, ?, ?, ?, ?, NULL, '', '')",
      attempt.job, attempt.attempt, attempt.lease, attempt.worker, Json(attempt.slots).dump(),
      attempt.opened)
      .Run();
  return OkStatus();
}

Status Applier::Do(const CloseAttempt& change) {
  const int rows = Query(db_,
                         "UPDATE attempts SET closed = ?, outcome = ?, message = ?"
                         " WHERE job = ? AND attempt = ? AND closed IS NULL",
                         change.closed, change.outcome, change.message, change.job, change.attempt)
                       .Run();
  if (rows == 1) return OkStatus();
  return Internal(Named(change.job, change.attempt) + ": it cannot end as " + change.outcome +
                  ", it is not open");
}

Status Applier::Do(const AddCheckpoint& change) {
  const CheckpointRecord& checkpoint = change.checkpoint;
  const ArtifactRef& artifact = checkpoint.artifact;
  Query(
      db_,
      "INSERT INTO checkpoints (job, step, attempt, metrics, name, kind, digest, size, meta, at)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (job, step) DO UPDATE SET attempt = excluded.attempt, metrics = "
      "excluded.metrics,"
      " name = excluded.name, kind = excluded.kind, digest = excluded.digest, size = excluded.size,"
      " meta = excluded.meta, at = excluded.at WHERE excluded.attempt > checkpoints.attempt",
      checkpoint.job, checkpoint.step, checkpoint.attempt, checkpoint.metrics, artifact.name,
      artifact.kind, artifact.digest, artifact.size, artifact.meta, checkpoint.at)
      .Run();
  return OkStatus();
}

int64_t Applier::SeriesId(const std::string& name) {
  const auto known = series_.find(name);
  if (known != series_.end()) return known->second;
  Query(db_, "INSERT INTO series (name) VALUES (?) ON CONFLICT (name) DO NOTHING", name).Run();
  Query find(db_, "SELECT id FROM series WHERE name = ?", name);
  find.Next();
  return series_[name] = find.Int(0);
}

Status Applier::Do(const AddMetrics& change) {
  for (const MetricPoint& point : change.points) {
    const int64_t series = SeriesId(point.series);
    Query(db_,
          "INSERT INTO metrics (job, series, step, attempt, value) VALUES (?, ?, ?, ?, ?)"
          " ON CONFLICT (job, series, step) DO UPDATE SET attempt = excluded.attempt, value = "
          "excluded.value"
          " WHERE excluded.attempt > metrics.attempt",
          change.job, series, point.step, change.attempt, point.value)
        .Run();
  }
  return OkStatus();
}

Status Applier::Do(const AddLog& change) {
  for (const LogLine& line : change.lines) {
    Query(db_,
          "INSERT INTO logs (job, attempt, seq, at, text) VALUES (?, ?, ?, ?, ?) ON CONFLICT (job, "
          "attempt, seq) DO NOTHING",
          line.job, line.attempt, line.seq, line.at, line.text)
        .Run();
  }
  return OkStatus();
}

Status Applier::Do(const AddEvent& change) {
  const EventRecord& event = change.event;
  Query(db_,
        "INSERT INTO events (at, sweep, job, attempt, worker, type, message) VALUES (?, ?, ?, ?, "
        "?, ?, ?)",
        event.at, event.sweep, event.job, event.attempt, event.worker, event.type, event.message)
      .Run();
  return OkStatus();
}

Status Applier::Do(const PutWorker& change) {
  const WorkerRecord& worker = change.worker;
  Query(db_,
        "INSERT INTO workers (id, session, host, version, pid, slots, state, joined, last_seen, "
        "drained)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET session = excluded.session, host = excluded.host, version "
        "= excluded.version,"
        " pid = excluded.pid, slots = excluded.slots, state = excluded.state, joined = "
        "excluded.joined,"
        " last_seen = excluded.last_seen, drained = excluded.drained",
        worker.id, worker.session, worker.host, worker.version, worker.pid, SlotsJson(worker.slots),
        worker.state, worker.joined, worker.last_seen, static_cast<int64_t>(worker.drained))
      .Run();
  return OkStatus();
}

}  // namespace eida::store
