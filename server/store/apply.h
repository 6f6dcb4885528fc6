// Changes as SQL. Runs inside the transaction of Store::Apply, on the writer's connection and
// thread.
#pragma once

#include <string>
#include <unordered_map>

#include "common/base/status.h"
#include "common/domain/change.h"
#include "server/store/db.h"
#include "server/store/texts.h"

namespace eida::store {

class Applier {
 public:
  explicit Applier(Db& db) : db_(db), texts_(db) {}
  // Internal naming the thing when a guard matches no row; throws SQLite::Exception. Either way the
  // caller rolls back.
  Status One(const Change& change);
  // After a rollback: what was remembered of it is not in the database.
  void Forget();

 private:
  Status Do(const AddSweep& change);
  Status Do(const AddJobs& change);
  Status Do(const UpdateSweep& change);
  Status Do(const UpdateJob& change);
  Status Do(const AddArtifacts& change);
  Status Do(const OpenAttempt& change);
  Status Do(const CloseAttempt& change);
  Status Do(const AddCheckpoint& change);
  Status Do(const AddMetrics& change);
  Status Do(const AddLog& change);
  Status Do(const AddEvent& change);
  Status Do(const PutWorker& change);
  void InsertJob(const JobRecord& job);
  void InsertArtifacts(JobId job, Attempt attempt, const std::vector<ArtifactRef>& artifacts);
  int64_t SeriesId(const std::string& name);

  Db& db_;
  TextWriter texts_;
  std::unordered_map<std::string, int64_t> series_;
};

}  // namespace eida::store
