// A plan while it grows, and what its jobs have in common: the model, the data that each of them
// sees, the runs by selection. parts.h has what is added to it, kind by kind.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/json.h"
#include "common/plan/data_parts.h"
#include "common/plan/job_list.h"
#include "common/plan/plan.h"
#include "common/spec/sweep_spec.h"

namespace eida::plan {

// `kind` and a short digest of what jobs must have in common to share a process.
std::string BundleKey(const std::string& kind, const Json& alike);

// The items of a split that a job measures, and how.
struct Items {
  std::string split;
  std::optional<int64_t> samples;  // absent = all of them
  int64_t seed = 0;                // chooses them
  Json numerics;
};

// One thread at a time. The spec and the inputs outlive it.
class Draft {
 public:
  // InvalidArgument naming a file of the model or the data that `inputs` lacks.
  static Result<Draft> Of(const spec::SweepSpec& spec, const PlanInputs& inputs);

  const spec::SweepSpec& spec() const { return *spec_; }
  const PlanInputs& inputs() const { return *inputs_; }
  const Json& model() const { return model_; }  // a job's spec["model"]
  Json DataOf(const std::set<std::string>& splits) const { return data_.For(splits).data; }

  std::vector<RunRecord> runs;
  JobList jobs;

  // The model and what the job sees of the data, in its spec and its inputs.
  void See(const std::set<std::string>& splits, NewJob& job) const;
  // A spec that begins with these items, and their files.
  void SeeItems(const Items& items, NewJob& job) const;

  // How runs are evaluated; of jobs that measure losses with the sweep's smoothing.
  Json EvalNumerics() const;
  Json Smoothed(Json numerics) const;

  // Places in `runs`, ascending. InvalidArgument for what is no selection.
  Result<std::vector<size_t>> Select(const std::string& selection) const;
  // [{label, variant, seed}, ..] of a job that reads several runs.
  Json Members(const std::vector<size_t>& chosen) const;
  // The weights of a run, `at` its end or its best evaluation, as the input `role`.
  ParentEdge Weights(size_t run, const std::string& at, const std::string& role) const;
  // The evaluation of a run on these items, which other jobs may have asked for already.
  JobId Evaluate(size_t run, const std::string& at, const Items& items);

 private:
  const spec::SweepSpec* spec_ = nullptr;
  const PlanInputs* inputs_ = nullptr;
  Json model_;
  DataParts data_;
  std::vector<JobInput> model_inputs_;
};

}  // namespace eida::plan
