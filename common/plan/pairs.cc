#include "common/plan/pairs.h"

namespace eida::plan {
namespace {

bool Wanted(const std::string& pairs, const RunRecord& a, const RunRecord& b) {
  if (pairs == "same_variant") return a.variant == b.variant;
  if (pairs == "cross_variant") return a.variant != b.variant;
  if (pairs == "same_seed") return a.seed == b.seed;
  return true;
}

}  // namespace

Result<Compared> ComparedBy(const spec::AnalysisSpec& a, const Draft& draft) {
  Compared of;
  EIDA_ASSIGN_OR_RETURN(of.runs, draft.Select(a.select));
  of.rows = of.runs.size();
  if (!a.with.empty()) {
    EIDA_ASSIGN_OR_RETURN(const std::vector<size_t> columns, draft.Select(a.with));
    of.runs.insert(of.runs.end(), columns.begin(), columns.end());
  }
  for (size_t i = 0; i < of.rows; ++i) {
    for (size_t j = a.with.empty() ? i + 1 : of.rows; j < of.runs.size(); ++j) {
      if (Wanted(a.pairs, draft.runs[of.runs[i]], draft.runs[of.runs[j]]))
        of.pairs.emplace_back(i, j);
    }
  }
  return of;
}

JobId AddPath(const spec::AnalysisSpec& a, size_t i, size_t j, Draft& draft) {
  const Items items{a.split, a.samples, a.item_seed, a.numerics};
  const JobId end_a = draft.Evaluate(i, a.at, items), end_b = draft.Evaluate(j, a.at, items);
  NewJob job{
      JobKind::kPath,
      "path/" + draft.runs[i].name + "~" + draft.runs[j].name + (a.at == "best" ? "/best" : ""),
      RunId()};
  draft.SeeItems({a.split, a.samples, a.item_seed, draft.Smoothed(a.numerics)}, job);
  job.spec["alphas"] = a.alphas;
  job.spec["space"] = a.space;
  if (a.confidence != spec::AnalysisSpec().confidence) job.spec["confidence"] = a.confidence;
  job.parents = {draft.Weights(i, a.at, "a"),
                 draft.Weights(j, a.at, "b"),
                 {"end_a", end_a, "eval"},
                 {"end_b", end_b, "eval"}};
  job.bundle_key = BundleKey("path", job.spec);
  job.cost = 0.5 * (a.alphas - 2);
  return draft.jobs.Add(std::move(job));
}

}  // namespace eida::plan
