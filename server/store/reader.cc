#include "server/store/reader.h"

#include "common/base/json.h"
#include "server/store/load.h"
#include "server/store/pool.h"
#include "server/store/rows.h"
#include "server/store/schema.h"

namespace eida::store {
namespace {

constexpr int64_t kDefaultLimit = 1000;

// A list of numbers as one bound value, so that the SQL text (and with it the prepared statement)
// stays the same.
template <class T>
std::string ListJson(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) {
    if constexpr (std::is_enum_v<T>) {
      list.push_back(static_cast<int>(value));
    } else {
      list.push_back(value.value());
    }
  }
  return list.dump();
}

constexpr char kInList[] = " IN (SELECT value FROM json_each(?))";

// One argument for all conditions: a JSON object, since LoadJobs binds the same one to each of its
// statements.
JobSelection Select(const JobQuery& query) {
  JobSelection selection;
  selection.with_spec = query.with_spec;
  selection.with_parents = query.with_parents;
  selection.with_artifacts = query.with_artifacts;
  std::vector<std::string> conditions;
  if (query.sweep) conditions.push_back("j.sweep = ?1 ->> '$.sweep'");
  if (!query.kinds.empty())
    conditions.push_back("j.kind IN (SELECT value FROM json_each(?1, '$.kinds'))");
  if (!query.ids.empty())
    conditions.push_back("j.id IN (SELECT value FROM json_each(?1, '$.ids'))");
  for (const std::string& condition : conditions) {
    selection.where += (selection.where.empty() ? " WHERE " : " AND ") + condition;
  }
  selection.argument = "{\"sweep\":" + std::to_string(query.sweep.value()) +
                       ",\"kinds\":" + ListJson(query.kinds) + ",\"ids\":" + ListJson(query.ids) +
                       "}";
  return selection;
}

}  // namespace

struct Reader::Impl {
  Pool pool;
  OnTransaction on_transaction;
  TextCache texts;
};

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::~Reader() = default;

Result<std::unique_ptr<Reader>> Reader::Open(const std::string& dir, OnTransaction on_transaction) {
  std::unique_ptr<Impl> impl(new Impl{Pool(DatabasePath(dir)), std::move(on_transaction)});
  EIDA_ASSIGN_OR_RETURN(const Pool::Lease db, impl->pool.Take());
  EIDA_RETURN_IF_ERROR(RequireCurrentSchema(*db));
  return std::unique_ptr<Reader>(new Reader(std::move(impl)));
}

// Runs f(Db&) in a read transaction: all its statements see one moment.
template <class F>
auto Reader::Read(const char* what, F&& f) const {
  using Value = decltype(f(std::declval<Db&>()));
  const Stopwatch watch;
  Result<Value> result = [&]() -> Result<Value> {
    EIDA_ASSIGN_OR_RETURN(const Pool::Lease db, impl_->pool.Take());
    return Catching(
        std::string("read ") + what + " from " + impl_->pool.path(), [&]() -> Result<Value> {
          SQLite::Transaction one_moment((*db).raw(), SQLite::TransactionBehavior::DEFERRED);
          return f(*db);
        });
  }();
  if (impl_->on_transaction) impl_->on_transaction("read", watch.Seconds());
  return result;
}

Result<std::vector<SweepRow>> Reader::Sweeps(const SweepQuery& query) const {
  return Read("sweeps", [&](Db& db) {
    const std::string ids = ListJson(query.ids);
    const std::string where = query.ids.empty() ? "" : std::string(" WHERE s.id") + kInList;
    const std::string sql =
        Sql(kSweepColumns,
            (query.with_source ? ", s.source, s.resolved FROM sweeps s" : "FROM sweeps s") + where +
                " ORDER BY s.id");
    std::vector<SweepRow> sweeps;
    std::map<SweepId, size_t> place;
    Query rows(db, sql.c_str());
    if (!query.ids.empty()) rows.Bind(ids);
    while (rows.Next()) {
      SweepRow& sweep = sweeps.emplace_back();
      sweep.sweep = ReadSweep(rows);
      if (query.with_source) {
        sweep.sweep.source = rows.Text(kSweepColumnCount);
        sweep.sweep.resolved = rows.Text(kSweepColumnCount + 1);
      }
      place[sweep.sweep.id] = sweeps.size() - 1;
    }
    const std::string count = std::string("SELECT sweep, state, count(*) FROM jobs") +
                              (query.ids.empty() ? "" : std::string(" WHERE sweep") + kInList) +
                              " GROUP BY sweep, state";
    Query counts(db, count.c_str());
    if (!query.ids.empty()) counts.Bind(ids);
    while (counts.Next()) {
      sweeps[place.at(counts.IdAt<SweepId>(0))].jobs[counts.Enum<JobState>(1)] = counts.Int(2);
    }
    return sweeps;
  });
}

Result<std::vector<RunRecord>> Reader::Runs(SweepId sweep) const {
  return Read("runs", [&](Db& db) {
    std::vector<RunRecord> runs;
    static const std::string sql =
        Sql(kRunColumns, "FROM runs r WHERE r.sweep = ? ORDER BY r.position, r.id");
    for (Query rows(db, sql.c_str(), sweep); rows.Next();) runs.push_back(ReadRun(rows));
    return runs;
  });
}

Result<std::vector<JobRecord>> Reader::Jobs(const JobQuery& query) const {
  return Read("jobs", [&](Db& db) { return LoadJobs(db, impl_->texts, Select(query)); });
}

Result<std::map<JobState, int64_t>> Reader::JobCounts() const {
  return Read("job counts", [&](Db& db) {
    std::map<JobState, int64_t> counts;
    for (Query rows(db, "SELECT state, count(*) FROM jobs GROUP BY state"); rows.Next();) {
      counts[rows.Enum<JobState>(0)] = rows.Int(1);
    }
    return counts;
  });
}

Result<std::vector<CheckpointRecord>> Reader::Checkpoints(SweepId sweep, JobId job) const {
  return Read("checkpoints", [&](Db& db) {
    std::vector<CheckpointRecord> checkpoints;
    const std::string sql = Sql(
        kCheckpointColumns, job ? "FROM checkpoints c WHERE c.job = ? ORDER BY c.step"
                                : "FROM jobs j JOIN checkpoints c ON c.job = j.id WHERE j.sweep = ?"
                                  " ORDER BY c.job, c.step");
    for (Query rows(db, sql.c_str(), job ? job.value() : sweep.value()); rows.Next();) {
      checkpoints.push_back(ReadCheckpoint(rows));
    }
    return checkpoints;
  });
}

Result<std::vector<JobMetrics>> Reader::Metrics(SweepId sweep, JobId job,
                                                const std::string& series) const {
  return Read("metrics", [&](Db& db) {
    std::string sql = "SELECT m.job, n.name, m.step, m.value FROM ";
    sql += job ? "metrics m JOIN series n ON n.id = m.series WHERE m.job = ?"
               : "jobs j JOIN metrics m ON m.job = j.id JOIN series n ON n.id = m.series WHERE "
                 "j.sweep = ?";
    if (!series.empty()) sql += " AND m.series = (SELECT id FROM series WHERE name = ?)";
    sql += " ORDER BY m.job, n.name, m.step";
    Query rows(db, sql.c_str(), job ? job.value() : sweep.value());
    if (!series.empty()) rows.Bind(series);
    std::vector<JobMetrics> metrics;
    while (rows.Next()) {
      const JobId id = rows.IdAt<JobId>(0);
      if (metrics.empty() || metrics.back().job != id) metrics.push_back({id, {}});
      metrics.back().points.push_back({rows.Text(1), rows.Int(2), rows.Real(3)});
    }
    return metrics;
  });
}

Result<LogPage> Reader::Logs(JobId job, Attempt attempt, int64_t after, int64_t limit) const {
  return Read("logs", [&](Db& db) {
    LogPage page;
    page.cursor = after;
    static const std::string sql = Sql(kLogColumns,
                                       "FROM logs l INDEXED BY logs_by_job WHERE l.job = ?1 AND "
                                       "l.id > ?2 AND (?3 = 0 OR l.attempt = ?3)"
                                       " ORDER BY l.id LIMIT ?4");
    for (Query rows(db, sql.c_str(), job.value(), after, attempt,
                    limit > 0 ? limit : kDefaultLimit);
         rows.Next();) {
      page.cursor = rows.Int(0);
      page.lines.push_back(ReadLog(rows));
    }
    return page;
  });
}

Result<std::vector<EventRecord>> Reader::Events(SweepId sweep, JobId job, int64_t after,
                                                int64_t limit) const {
  return Read("events", [&](Db& db) {
    std::string sql = Sql(kEventColumns, "FROM events v WHERE ");
    if (job)
      sql += "v.job = ? AND ";
    else if (sweep)
      sql += "v.sweep = ? AND ";
    sql += "v.id > ? ORDER BY v.id LIMIT ?";
    Query rows(db, sql.c_str());
    if (job)
      rows.Bind(job);
    else if (sweep)
      rows.Bind(sweep);
    rows.Bind(after);
    rows.Bind(limit > 0 ? limit : kDefaultLimit);
    std::vector<EventRecord> events;
    while (rows.Next()) events.push_back(ReadEvent(rows));
    return events;
  });
}

Result<std::vector<AttemptRecord>> Reader::Attempts(JobId job) const {
  return Read("attempts", [&](Db& db) {
    std::vector<AttemptRecord> attempts;
    static const std::string sql =
        Sql(kAttemptColumns, "FROM attempts t WHERE t.job = ? ORDER BY t.attempt");
    for (Query rows(db, sql.c_str(), job); rows.Next();) attempts.push_back(ReadAttempt(rows));
    return attempts;
  });
}

Result<int> Reader::Schema() const {
  EIDA_ASSIGN_OR_RETURN(const Pool::Lease db, impl_->pool.Take());
  return SchemaVersion(*db);
}

Result<DatabaseSizes> Reader::Sizes() const {
  DatabaseSizes sizes;
  EIDA_ASSIGN_OR_RETURN(sizes.main, FileSize(impl_->pool.path()));
  sizes.log = FileSize(impl_->pool.path() + "-wal").value_or(0);
  return sizes;
}

Status Reader::Backup(const std::string& path) const {
  if (FileExists(path)) return AlreadyExists(path + " exists; choose a new name for the backup");
  const std::string partial = path + ".partial";
  EIDA_RETURN_IF_ERROR(RemoveTree(partial));
  const Status copied = [&]() -> Status {
    EIDA_ASSIGN_OR_RETURN(const Pool::Lease source, impl_->pool.Take());
    EIDA_ASSIGN_OR_RETURN(std::unique_ptr<Db> copy, Db::Open(partial, Db::Mode::kReadWrite));
    EIDA_RETURN_IF_ERROR(Catching("back up " + impl_->pool.path() + " to " + path, [&]() -> Status {
      copy->Execute("PRAGMA journal_mode = DELETE");
      SQLite::Backup(copy->raw(), (*source).raw()).executeStep(-1);
      return OkStatus();
    }));
    EIDA_RETURN_IF_ERROR(CheckTables(*copy));
    copy.reset();
    EIDA_RETURN_IF_ERROR(SyncFile(partial));
    EIDA_RETURN_IF_ERROR(RenameFile(partial, path));
    return SyncDir(DirName(path));
  }();
  if (!copied.ok()) (void)RemoveTree(partial);
  return copied;
}

}  // namespace eida::store
