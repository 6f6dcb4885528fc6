#include "server/store/load.h"

#include "server/store/rows.h"

namespace eida::store {
namespace {

// Rows ordered by job (their first column) go to the records, which are ordered by id: one merge,
// no look-up.
template <class F>
void Attach(Db& db, const JobSelection& selection, const std::string& select, const char* order,
            std::vector<JobRecord>& jobs, F&& attach) {
  const std::string sql = select + selection.where + order;
  Query rows(db, sql.c_str());
  if (!selection.where.empty()) rows.Bind(selection.argument);
  auto job = jobs.begin();
  while (rows.Next()) {
    const JobId id = rows.IdAt<JobId>(0);
    while (job != jobs.end() && job->spec.id < id) ++job;
    if (job == jobs.end()) return;
    attach(rows, *job);
  }
}

template <class Record, class F>
void LoadAll(Db& db, const std::string& sql, std::vector<Record>& records, F&& read) {
  for (Query rows(db, sql.c_str()); rows.Next();) records.push_back(read(rows));
}

int64_t NextId(Db& db, const char* sql) {
  Query query(db, sql);
  return query.Next() ? query.Int(0) + 1 : 1;
}

}  // namespace

std::vector<JobRecord> LoadJobs(Db& db, TextCache& texts, const JobSelection& selection) {
  std::vector<JobRecord> jobs;
  {
    const std::string sql =
        Sql(kJobColumns, (selection.with_spec ? ", j.spec, j.inputs FROM jobs j" : "FROM jobs j") +
                             selection.where + " ORDER BY j.id");
    Query rows(db, sql.c_str());
    if (!selection.where.empty()) rows.Bind(selection.argument);
    while (rows.Next()) {
      jobs.push_back(ReadJob(rows));
      if (selection.with_spec) ReadJobSpec(rows, db, texts, jobs.back().spec);
    }
  }
  if (selection.with_parents) {
    Attach(db, selection, Sql(kEdgeColumns, "FROM edges e JOIN jobs j ON j.id = e.job"),
           " ORDER BY e.job, e.position", jobs,
           [](const Query& row, JobRecord& job) { job.spec.parents.push_back(ReadEdge(row)); });
  }
  if (selection.with_artifacts) {
    Attach(db, selection, Sql(kArtifactColumns, "FROM artifacts a JOIN jobs j ON j.id = a.job"),
           " ORDER BY a.job, a.position", jobs,
           [](const Query& row, JobRecord& job) { job.artifacts.push_back(ReadArtifact(row)); });
  }
  return jobs;
}

Snapshot LoadSnapshot(Db& db) {
  SQLite::Transaction one_moment(db.raw(), SQLite::TransactionBehavior::DEFERRED);
  TextCache texts;
  Snapshot snapshot;
  LoadAll(db, Sql(kSweepColumns, ", s.source, s.resolved FROM sweeps s ORDER BY s.id"),
          snapshot.sweeps, [](const Query& row) {
            SweepRecord sweep = ReadSweep(row);
            sweep.source = row.Text(kSweepColumnCount);
            sweep.resolved = row.Text(kSweepColumnCount + 1);
            return sweep;
          });
  LoadAll(db, Sql(kRunColumns, "FROM runs r ORDER BY r.id"), snapshot.runs, ReadRun);
  snapshot.jobs = LoadJobs(db, texts, {});
  LoadAll(db, Sql(kAttemptColumns, "FROM attempts t WHERE t.closed IS NULL ORDER BY t.job"),
          snapshot.open_attempts, ReadAttempt);
  // A job that failed or was cancelled may be tried again, and then goes on where it was.
  const std::string succeeded = std::to_string(static_cast<int>(JobState::kSucceeded));
  Query newest(db, Sql(kCheckpointColumns,
                       "FROM checkpoints c JOIN jobs j ON j.id = c.job WHERE j.state <> " +
                           succeeded + " ORDER BY c.job, c.attempt, c.step")
                       .c_str());
  while (newest.Next()) {
    CheckpointRecord checkpoint = ReadCheckpoint(newest);
    std::vector<CheckpointRecord>& list = snapshot.checkpoints;
    if (!list.empty() && list.back().job == checkpoint.job) {
      list.back() = std::move(checkpoint);
    } else {
      list.push_back(std::move(checkpoint));
    }
  }
  LoadAll(db, Sql(kWorkerColumns, "FROM workers w ORDER BY w.id"), snapshot.workers, ReadWorker);
  snapshot.next_sweep = NextId(db, "SELECT max(id) FROM sweeps");
  snapshot.next_run = NextId(db, "SELECT max(id) FROM runs");
  snapshot.next_job = NextId(db, "SELECT max(id) FROM jobs");
  snapshot.next_lease = NextId(db, "SELECT max(lease) FROM attempts");
  return snapshot;
}

}  // namespace eida::store
