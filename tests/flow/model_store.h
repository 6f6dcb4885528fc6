// The store as a model: applies Changes in memory with the guards of the real one, and refuses
// histories that break the promises of RELIABILITY section 4. It is the independent checker of the
// scheduler's tests.
#pragma once

#include <map>
#include <set>
#include <utility>

#include "common/base/status.h"
#include "common/domain/change.h"

namespace eida::testing {

class ModelStore {
 public:
  // Applies the batch in order; Internal naming the first broken promise: a guard that matches
  // nothing, a second accepted result of one job (I3), an attempt number that does not grow (I3), a
  // lease before the parents' artifacts are there (I4), two leases on one slot (I5).
  Status Apply(const std::vector<Change>& batch);
  // What a coordinator finds at its start.
  Snapshot Load() const;

  const JobRecord* Job(JobId id) const;
  const std::map<SweepId, SweepRecord>& sweeps() const { return sweeps_; }
  const std::map<JobId, JobRecord>& jobs() const { return jobs_; }
  const std::vector<EventRecord>& events() const { return events_; }
  const std::vector<AttemptRecord>& closed_attempts() const { return closed_; }
  bool LeftCheckpoint(JobId job, Attempt attempt) const {
    return with_checkpoint_.contains({job, attempt});
  }
  int64_t accepted_results() const { return static_cast<int64_t>(results_.size()); }

 private:
  Status One(const AddSweep& change);
  Status One(const AddJobs& change);
  Status One(const UpdateSweep& change);
  Status One(const UpdateJob& change);
  Status One(const AddArtifacts& change);
  Status One(const OpenAttempt& change);
  Status One(const CloseAttempt& change);
  Status One(const AddCheckpoint& change);
  Status One(const AddMetrics& change);
  Status One(const AddLog& change);
  Status One(const AddEvent& change);
  Status One(const PutWorker& change);
  Status AddJob(const JobRecord& job);
  Status ParentsHaveEnded(const JobRecord& job) const;
  Status ParentsAreThere(const JobRecord& job) const;

  std::map<SweepId, SweepRecord> sweeps_;
  std::map<RunId, RunRecord> runs_;
  std::map<JobId, JobRecord> jobs_;
  std::map<JobId, AttemptRecord> open_;
  std::map<JobId, Attempt> newest_;
  std::vector<AttemptRecord> closed_;
  std::set<JobId> results_;  // jobs with an accepted result, computed here
  std::map<JobId, CheckpointRecord> checkpoints_;
  std::set<std::pair<JobId, Attempt>> with_checkpoint_;
  std::map<WorkerId, WorkerRecord> workers_;
  std::vector<EventRecord> events_;
  int64_t last_lease_ = 0;
};

}  // namespace eida::testing
