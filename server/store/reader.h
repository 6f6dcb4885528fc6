// What is stored, for whoever asks. Every call sees one moment of the database and never waits for
// the writer.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/domain/records.h"
#include "server/store/store.h"

namespace eida::store {

struct SweepQuery {
  std::vector<SweepId> ids;  // empty = all
  bool with_source = false;  // source and resolved, which can be long
};
struct SweepRow {
  SweepRecord sweep;
  std::map<JobState, int64_t> jobs;  // how many are in each state; absent = none
};

// Conditions are joined by "and"; an empty list and a 0 are no condition.
struct JobQuery {
  SweepId sweep;
  std::vector<JobKind> kinds;
  std::vector<JobId> ids;
  bool with_spec = false;  // spec and inputs
  bool with_parents = true;
  bool with_artifacts = true;
};

struct JobMetrics {
  JobId job;
  std::vector<MetricPoint> points;  // by series, then step
};

struct LogPage {
  std::vector<LogLine> lines;  // in order of arrival
  int64_t cursor = 0;          // `after` of the next call
};

struct DatabaseSizes {
  int64_t main = 0;  // bytes of eida.db
  int64_t log = 0;   // bytes of its write-ahead log
};

// Thread-safe. Independent of Store: it may live in another process.
class Reader {
 public:
  // NotFound without a database; FailedPrecondition when its schema is not this program's.
  static Result<std::unique_ptr<Reader>> Open(const std::string& dir,
                                              OnTransaction on_transaction = nullptr);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  Result<std::vector<SweepRow>> Sweeps(const SweepQuery& query) const;  // by id
  Result<std::vector<RunRecord>> Runs(SweepId sweep) const;             // in grid order
  Result<std::vector<JobRecord>> Jobs(const JobQuery& query) const;     // by id
  Result<std::map<JobState, int64_t>> JobCounts() const;                // of all sweeps
  // Of one job, or of all jobs of a sweep; by job and step.
  Result<std::vector<CheckpointRecord>> Checkpoints(SweepId sweep, JobId job) const;
  Result<std::vector<JobMetrics>> Metrics(SweepId sweep, JobId job,
                                          const std::string& series) const;  // "" = all series
  // attempt 0 = all; at most `limit` (0 = 1,000) after the cursor.
  Result<LogPage> Logs(JobId job, Attempt attempt, int64_t after, int64_t limit) const;
  // sweep and job 0 = all; the cursor is EventRecord::id.
  Result<std::vector<EventRecord>> Events(SweepId sweep, JobId job, int64_t after,
                                          int64_t limit) const;
  Result<std::vector<AttemptRecord>> Attempts(JobId job) const;  // oldest first
  Result<int> Schema() const;
  Result<DatabaseSizes> Sizes() const;

  // A copy of one moment, durable and checked when it returns, while others read and write.
  // AlreadyExists rather than overwrite. Blobs that are files beside the database are not in it.
  Status Backup(const std::string& path) const;

 private:
  struct Impl;
  explicit Reader(std::unique_ptr<Impl> impl);
  template <class F>
  auto Read(const char* what, F&& f) const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace eida::store
