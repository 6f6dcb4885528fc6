// From what people type (`last`, s3, demo, s1/lora-r8/seed3, j17) to what it names.
#pragma once

#include <string>
#include <vector>

#include "client/api.h"

namespace eida::client {

// "last" or "" = the newest; s3 or 3; a name = the newest of that name. NotFound says what there
// is.
Result<v1::Sweep> FindSweep(Api& api, const std::string& text);
// Also `all`, s1-s3 and comma lists.
Result<std::vector<v1::Sweep>> FindSweeps(Api& api, const std::string& text);

// s3/lora-r8/seed1 -> s3 and the rest; without a sweep in front: last, and all of it.
struct SweepPath {
  std::string sweep = "last", rest;
  bool named = false;  // a sweep was written
};
SweepPath SplitSweep(const std::string& text);
// variant~lora-*,seed<3: an operator, and no slash before it, as the name of a path job has one.
bool IsRunSelection(const std::string& text);

struct SweepData {
  v1::Sweep sweep;
  std::vector<v1::Run> runs;
  std::vector<v1::Job> jobs;
  const v1::Job* FindJob(const std::string& name) const;
  const v1::Run* FindRun(const std::string& name) const;
  const v1::Job* JobOf(int64_t id) const;
  const v1::Run* RunOf(const v1::Job& job) const;  // null for jobs of no single run
  std::string Id() const { return "s" + std::to_string(sweep.id()); }
};
Result<SweepData> LoadSweep(Api& api, const std::string& text, bool with_spec);

// j17, s1/j17, a job's name (train/lora-r8/seed1), or a run's (lora-r8/seed1: its training), each
// with an optional sweep in front.
struct FoundJob {
  SweepData data;
  v1::Job job;
};
Result<FoundJob> FindJob(Api& api, const std::string& text);
// "; did you mean ..?" out of the runs and jobs of the sweep, or "".
std::string DidYouMean(const SweepData& data, const std::string& text);

// The artifact of that name of a finished job; NotFound explains why there is none.
Result<v1::Artifact> FindArtifact(const v1::Job& job, const std::string& name);

}  // namespace eida::client
