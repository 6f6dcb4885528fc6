// Soups, and their shortcuts: paths that the sweep measures anyway and that a soup may read instead
// of measuring.
#include <algorithm>
#include <unordered_map>

#include "common/catalog/catalog.h"
#include "common/plan/pairs.h"
#include "common/plan/parts.h"

namespace eida::plan {
namespace {

// A rank that a soup asks for must be one that every map of its members can have.
Status CheckRank(const spec::SoupSpec& s, const std::vector<size_t>& members, const Draft& draft) {
  const auto rank = GetOr<int64_t>(s.options, "rank", 0);
  if (rank == 0) return OkStatus();
  for (const size_t member : members) {
    const RunRecord& run = draft.runs[member];
    const Json settings = Json::parse(run.settings);
    EIDA_ASSIGN_OR_RETURN(
        const std::vector<catalog::SiteShape> sites,
        catalog::TargetSites(
            draft.inputs().model.sites,
            GetOr<std::vector<std::string>>(settings["adapter"], "targets", {"query", "value"})));
    for (const catalog::SiteShape& site : sites) {
      const int64_t most = std::min(site.in, site.out);
      if (rank <= most) continue;
      return InvalidArgument("soup \"" + s.name + "\": rank is " + std::to_string(rank) + ", but " +
                             site.name + " of " + run.name + " maps " + std::to_string(site.in) +
                             " to " + std::to_string(site.out) + " numbers: its rank is at most " +
                             std::to_string(most));
    }
  }
  return OkStatus();
}

// Do the analysis' paths hold what the soup tries first: same weights, split, items and numerics,
// and a grid with its points?
bool Holds(const spec::AnalysisSpec& a, const spec::SoupSpec& s, int steps) {
  return catalog::Find(catalog::Analyses(), a.type)->by_path && a.at == "final" &&
         a.space == "merged" && a.split == s.split && !a.samples && a.numerics == s.numerics &&
         (a.alphas - 1) % steps == 0;
}

// The paths between members that spare the soup work, as inputs path/<member>/<member>.
Result<std::vector<ParentEdge>> ShortcutsOf(const spec::SoupSpec& s,
                                            const std::vector<size_t>& members, Draft& draft) {
  const int steps = catalog::Find(catalog::SoupMethods(), s.type)->path_steps;
  const auto metric = GetOr<std::string>(s.options, "metric", "");
  std::vector<ParentEdge> paths;
  if (steps == 0 || s.split_half || (metric != "loss" && metric != "accuracy"))
    return paths;                            // what curves hold
  std::unordered_map<size_t, size_t> place;  // run -> member
  for (size_t k = 0; k < members.size(); ++k) place[members[k]] = k;
  std::set<std::string> known;
  for (const spec::AnalysisSpec& a : draft.spec().analyses) {
    if (!Holds(a, s, steps)) continue;
    EIDA_ASSIGN_OR_RETURN(const Compared of, ComparedBy(a, draft));
    for (const auto& [i, j] : of.pairs) {
      const auto one = place.find(of.runs[i]), other = place.find(of.runs[j]);
      if (one == place.end() || other == place.end()) continue;
      const std::string role =
          "path/" + std::to_string(one->second) + "/" + std::to_string(other->second);
      if (known.insert(role).second)
        paths.push_back({role, AddPath(a, of.runs[i], of.runs[j], draft), "curve"});
    }
  }
  return paths;
}

}  // namespace

Status AddSoup(const spec::SoupSpec& s, Draft& draft) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<size_t> members, draft.Select(s.select));
  NewJob job{JobKind::kSoup, "soup/" + s.name, RunId()};
  job.spec = {
      {"type", s.type},    {"options", s.options}, {"members", draft.Members(members)},
      {"select", s.split}, {"report", s.report},   {"numerics", draft.Smoothed(s.numerics)}};
  if (s.split_half) job.spec["split_half"] = *s.split_half;
  draft.See({s.split, s.report}, job);
  for (size_t k = 0; k < members.size(); ++k) {
    const std::string index = std::to_string(k);
    const auto results = [&](const std::string& split) {
      return draft.Evaluate(members[k], "final", {split, std::nullopt, 0, s.numerics});
    };
    job.parents.push_back(draft.Weights(members[k], "final", "member/" + index));
    job.parents.push_back({"select/" + index, results(s.split), "eval"});
    job.parents.push_back({"report/" + index, results(s.report), "eval"});
  }
  EIDA_RETURN_IF_ERROR(CheckRank(s, members, draft));
  EIDA_ASSIGN_OR_RETURN(job.shortcuts, ShortcutsOf(s, members, draft));
  const bool tries = catalog::Find(catalog::SoupMethods(), s.type)->path_steps > 0;
  job.cost = tries ? 8.0 * static_cast<double>(members.size()) : 5;
  const JobId soup = draft.jobs.Add(std::move(job));
  AddTexts("soup/" + s.name, RunId(), {"weights", soup, "weights"}, draft);
  return OkStatus();
}

}  // namespace eida::plan
