// Analyses: one matrix over pairs of runs, of paths between them or of a gram of each.
#include <algorithm>

#include "common/catalog/catalog.h"
#include "common/plan/pairs.h"
#include "common/plan/parts.h"

namespace eida::plan {
namespace {

constexpr size_t kMaxPairs = 1'000'000;

JobId AddGram(const spec::AnalysisSpec& a, size_t i, Draft& draft) {
  const RunRecord& run = draft.runs[i];
  NewJob job{JobKind::kGram, "gram/" + run.name + "/" + a.split + (a.at == "best" ? "/best" : ""),
             run.id};
  draft.SeeItems({a.split, a.samples, a.item_seed, a.numerics}, job);
  job.spec["layers"] = a.layers;
  job.parents = {draft.Weights(i, a.at, "weights")};
  job.bundle_key = BundleKey("gram", job.spec);
  job.cost = 2;
  return draft.jobs.Add(std::move(job));
}

}  // namespace

Status AddAnalysis(const spec::AnalysisSpec& a, Draft& draft) {
  EIDA_ASSIGN_OR_RETURN(const Compared of, ComparedBy(a, draft));
  if (of.pairs.size() > kMaxPairs)
    return InvalidArgument("analysis \"" + a.name + "\" has " + std::to_string(of.pairs.size()) +
                           " pairs, more than " + std::to_string(kMaxPairs));
  NewJob matrix{JobKind::kMatrix, "matrix/" + a.name, RunId()};
  Json pairs = Json::array();
  for (const auto& [i, j] : of.pairs) pairs.push_back({i, j});
  Json detail = {{"analysis", a.name},
                 {"split", a.split},
                 {"at", a.at},
                 {"precision", a.numerics["precision"]}};
  if (!a.preset.empty()) detail["preset"] = a.preset;
  if (!a.with.empty()) detail["rows"] = of.rows;
  if (catalog::Find(catalog::Analyses(), a.type)->by_path) {
    detail["alphas"] = a.alphas;
    detail["space"] = a.space;
    for (const auto& [i, j] : of.pairs)
      matrix.parents.push_back({"pair/" + std::to_string(i) + "/" + std::to_string(j),
                                AddPath(a, of.runs[i], of.runs[j], draft), "curve"});
    matrix.quorum = 1;
  } else {
    detail["estimator"] = a.estimator;
    detail["layers"] = a.layers;
    detail["pool"] = "mean_nonspecial";
    for (size_t i = 0; i < of.runs.size(); ++i)
      matrix.parents.push_back(
          {"member/" + std::to_string(i), AddGram(a, of.runs[i], draft), "gram"});
    matrix.quorum = 2;
  }
  matrix.spec = {{"metric", a.type},
                 {"members", draft.Members(of.runs)},
                 {"pairs", pairs},
                 {"detail", detail}};
  // Pairs of what failed are missing; the rest is drawn. Equal runs share their jobs.
  std::set<JobId> parents;
  for (const ParentEdge& edge : matrix.parents) parents.insert(edge.parent);
  matrix.quorum = std::min(matrix.quorum, static_cast<int>(parents.size()));
  draft.jobs.Add(std::move(matrix));
  return OkStatus();
}

}  // namespace eida::plan
