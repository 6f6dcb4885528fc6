// Generation: what models write.
#include "common/plan/parts.h"

namespace eida::plan {

void AddTexts(const std::string& model, RunId run, const ParentEdge& weights, Draft& draft) {
  const spec::SweepSpec& spec = draft.spec();
  if (!spec.eval.contains("generate")) return;
  const auto split = spec.eval["report"].get<std::string>();
  NewJob job{JobKind::kGenerate, "generate/" + model + "/" + split, run};
  Json options = spec.eval["generate"], numerics = draft.EvalNumerics();
  numerics["batch_size"] = options["batch_size"];
  draft.SeeItems({split, std::nullopt, 0, numerics}, job);
  job.spec["metrics"] = options["metrics"];
  options.erase("batch_size");
  options.erase("metrics");
  job.spec["generate"] = options;
  job.parents = {weights};
  job.bundle_key = BundleKey("generate", job.spec);
  job.cost = 10;
  draft.jobs.Add(std::move(job));
}

}  // namespace eida::plan
