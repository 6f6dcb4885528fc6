#include "common/plan/plan.h"

#include "common/base/digest.h"
#include "common/plan/parts.h"

namespace eida::plan {
namespace {

// The sweep's own record, with what its files turned out to hold, and the data as a job that saw
// all of it would have it.
SweepRecord HeadOf(const Draft& draft, const std::string& source,
                   const std::vector<JobRecord>& jobs) {
  const spec::SweepSpec& spec = draft.spec();
  SweepRecord sweep;
  sweep.name = spec.name;
  sweep.description = spec.description;
  sweep.labels = spec.labels;
  sweep.source = source;
  std::set<std::string> splits;
  for (const spec::SplitSpec& split : spec.data.splits) splits.insert(split.name);
  Json resolved = ToJson(spec);
  resolved["inputs"] = {{"model", draft.model()}, {"data", draft.DataOf(splits)}};
  sweep.resolved = Canonical(resolved);
  sweep.retries = spec.retries;
  sweep.max_parallel = spec.max_parallel;
  sweep.max_failures = spec.max_failures;
  sweep.priority = spec.priority;
  Json all = {{"name", spec.name}};
  for (const JobRecord& job : jobs)
    all["jobs"].push_back({job.spec.name, job.spec.fingerprint.str()});
  sweep.fingerprint = Fingerprint(DigestOf(Canonical(all)).str());
  return sweep;
}

}  // namespace

Result<Plan> MakePlan(const spec::SweepSpec& spec, const std::string& source,
                      const PlanInputs& inputs) {
  EIDA_ASSIGN_OR_RETURN(Draft draft, Draft::Of(spec, inputs));
  EIDA_RETURN_IF_ERROR(AddRuns(draft));
  for (size_t i = 0; i < draft.runs.size(); ++i) {
    for (const char* role : {"split", "report"}) {
      const auto split = spec.eval[role].get<std::string>();
      draft.Evaluate(i, "final", {split, std::nullopt, 0, draft.EvalNumerics()});
    }
    const RunRecord& run = draft.runs[i];
    AddTexts(run.name, run.id, draft.Weights(i, "final", "weights"), draft);
  }
  for (const spec::AnalysisSpec& a : spec.analyses) EIDA_RETURN_IF_ERROR(AddAnalysis(a, draft));
  for (const spec::SoupSpec& s : spec.soups) EIDA_RETURN_IF_ERROR(AddSoup(s, draft));
  for (const spec::ObservationSpec& o : spec.observations)
    EIDA_RETURN_IF_ERROR(AddObservation(o, draft));
  Plan plan;
  plan.runs = std::move(draft.runs);
  plan.jobs = draft.jobs.Take();
  plan.sweep = HeadOf(draft, source, plan.jobs);
  return plan;
}

}  // namespace eida::plan
