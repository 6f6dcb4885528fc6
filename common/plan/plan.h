// SweepSpec -> runs, jobs, edges, fingerprints. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/domain/records.h"
#include "common/inputs/facts.h"
#include "common/spec/sweep_spec.h"

namespace eida::plan {

// The content behind the paths that the file names.
struct PlanInputs {
  // path as written in the sweep file -> file name -> digest (a data file has the one entry "")
  std::map<std::string, std::map<std::string, Digest>> files;
  inputs::ModelFacts model;
  std::map<std::string, inputs::AdapterFacts> adapters;  // by path as written: adapter.init
};

// The adapter's settings as jobs have them. With `init`, what adapter_config.json there says on
// this model, and in place of the path the digest of its files; `dropout` and `train_head` are the
// sweep's where it has them.
Result<Json> ResolvedAdapter(const Json& adapter, const PlanInputs& inputs);

// Ids are local to the plan: runs and jobs are numbered from 1, parents refer to these numbers. The
// scheduler renumbers. Jobs with equal fingerprints are one job. Parents come before children.
struct Plan {
  SweepRecord sweep;
  std::vector<RunRecord> runs;
  std::vector<JobRecord> jobs;
  std::vector<std::string> warnings;
};

Result<Plan> MakePlan(const spec::SweepSpec& spec, const std::string& source,
                      const PlanInputs& inputs);

// An export job for one run ("run:lora-r8/seed1") or soup ("soup:greedy") of a planned sweep; its
// parents carry the ids found in `jobs`.
Result<JobRecord> MakeExportJob(const std::vector<JobRecord>& jobs,
                                const std::vector<RunRecord>& runs, const std::string& source,
                                const std::string& format);

}  // namespace eida::plan
