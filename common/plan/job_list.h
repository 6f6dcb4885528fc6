// The jobs of a plan while it grows: ids are given in order, equal fingerprints become one job.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/json.h"
#include "common/domain/records.h"

namespace eida::plan {

struct NewJob {
  JobKind kind = JobKind::kTrain;
  std::string name;
  RunId run;
  Json spec;
  std::vector<JobInput> inputs;
  std::vector<ParentEdge> parents;
  // Parents whose results spare work and change nothing of the result: no part of the fingerprint,
  // and the job does without those that fail. They become edges with `shortcut`.
  std::vector<ParentEdge> shortcuts;
  std::string bundle_key;
  int slots = 1;
  double cost = 1;
  int quorum = 0;  // no part of the fingerprint: with all its parents a job's result is the same
};

// SHA-256 of kind, code version, spec and the parents' fingerprints by role. How often a checkpoint
// is written does not change a result, so it is left out.
Fingerprint FingerprintOf(JobKind kind, Json spec,
                          const std::vector<std::pair<ParentEdge, Fingerprint>>& parents);

class JobList {
 public:
  // The id of the job, or of the one with the same fingerprint that is already there. Of other jobs
  // under one name (a pair's paths of two grids) the second is called name#2, and so on.
  JobId Add(NewJob job);
  const JobRecord& at(JobId id) const { return jobs_[static_cast<size_t>(id.value() - 1)]; }
  std::vector<JobRecord> Take() { return std::move(jobs_); }
  const std::vector<JobRecord>& all() const { return jobs_; }

 private:
  std::vector<JobRecord> jobs_;
  std::unordered_map<Fingerprint, JobId> by_fingerprint_;
  std::unordered_map<std::string, int> named_;  // how many jobs were given each name
};

}  // namespace eida::plan
