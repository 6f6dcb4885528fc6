// Generation: what models write.
#include "common/plan/parts.h"

namespace eida::plan {
namespace {

void AddTextsOf(const std::string& model, RunId run, const std::string& split,
                const ParentEdge& weights, Draft& draft) {
  NewJob job{JobKind::kGenerate, "generate/" + model + "/" + split, run};
  Json options = draft.spec().eval["generate"], numerics = draft.EvalNumerics();
  numerics["batch_size"] = options["batch_size"];
  draft.SeeItems({split, std::nullopt, 0, numerics}, job);
  job.spec["metrics"] = options["metrics"];
  options.erase("batch_size");
  options.erase("metrics");
  options.erase("splits");
  job.spec["generate"] = options;
  job.parents = {weights};
  job.bundle_key = BundleKey("generate", job.spec);
  job.cost = 10;
  draft.jobs.Add(std::move(job));
}

}  // namespace

void AddTexts(const std::string& model, RunId run, const ParentEdge& weights, Draft& draft) {
  const spec::SweepSpec& spec = draft.spec();
  if (!spec.eval.contains("generate")) return;
  const auto splits = GetOr<std::vector<std::string>>(spec.eval["generate"], "splits",
                                                      {spec.eval["report"].get<std::string>()});
  for (const std::string& split : splits) AddTextsOf(model, run, split, weights, draft);
}

}  // namespace eida::plan
