#include "common/catalog/lora.h"

#include <algorithm>
#include <cmath>

namespace eida::catalog {
namespace {

std::vector<std::string> Saved(const Json& settings) {
  return GetOr<std::vector<std::string>>(settings, "modules_to_save", {});
}

}  // namespace

Result<std::vector<LoraSite>> LoraSites(const std::vector<SiteShape>& sites, const Json& settings) {
  EIDA_ASSIGN_OR_RETURN(
      const std::vector<SiteShape> targets,
      TargetSites(sites, GetOr<std::vector<std::string>>(settings, "targets", {"query", "value"})));
  const std::vector<std::string> saved = Saved(settings);
  std::vector<LoraSite> maps;
  for (const SiteShape& site : targets) {
    if (std::none_of(saved.begin(), saved.end(),
                     [&](const std::string& end) { return InModule(end, site.weight()); }))
      maps.push_back({site, 0, 0});
  }
  if (maps.empty())
    return InvalidArgument("modules_to_save trains every map that targets names: none is left");
  std::vector<SiteShape> mapped;
  for (const LoraSite& map : maps) mapped.push_back(map.site);
  EIDA_ASSIGN_OR_RETURN(const auto ranks, NumbersByPattern(mapped, settings, "rank_pattern"));
  EIDA_ASSIGN_OR_RETURN(const auto alphas, NumbersByPattern(mapped, settings, "alpha_pattern"));
  const auto r = GetOr<int64_t>(settings, "r", 0);
  const double alpha = GetOr<double>(settings, "alpha", static_cast<double>(r));
  const bool rooted = GetOr<bool>(settings, "use_rslora", false);
  for (size_t i = 0; i < maps.size(); ++i) {
    maps[i].r = ranks[i] ? static_cast<int64_t>(*ranks[i]) : r;
    const auto rank = static_cast<double>(maps[i].r);
    maps[i].scale = GetOr<double>(settings, "scale",
                                  alphas[i].value_or(alpha) / (rooted ? std::sqrt(rank) : rank));
  }
  return maps;
}

Status CheckRanks(const std::vector<LoraSite>& maps) {
  for (const LoraSite& map : maps) {
    const int64_t most = std::min(map.site.in, map.site.out);
    if (map.r <= most) continue;
    return InvalidArgument("rank " + std::to_string(map.r) + " is larger than " + map.site.name +
                           " allows, which maps " + std::to_string(map.site.in) + " to " +
                           std::to_string(map.site.out) + " numbers; use at most " +
                           std::to_string(most) +
                           ", or give this map a rank of its own in rank_pattern");
  }
  return OkStatus();
}

bool InModule(const std::string& end, const std::string& parameter) {
  return ("." + parameter).find("." + end + ".") != std::string::npos;
}

Result<std::vector<ParameterName>> WholeParameters(const std::vector<ParameterName>& parameters,
                                                   const Json& settings,
                                                   const std::vector<LoraSite>& maps) {
  const std::vector<std::string> saved = Saved(settings);
  const bool train_head = GetOr<bool>(settings, "train_head", true);
  for (const std::string& end : saved) {
    bool found = false, of_head = false;
    for (const ParameterName& p : parameters) {
      if (!InModule(end, p.name)) continue;
      found = true;
      of_head |= p.in_head;
    }
    if (!found)
      return InvalidArgument("modules_to_save names \"" + end +
                             "\", which is no module of the model and not the end of one's path");
    if (of_head && !train_head)
      return InvalidArgument("modules_to_save names \"" + end +
                             "\", which belongs to the head, and train_head is false");
  }
  const auto bias = GetOr<std::string>(settings, "bias", "none");
  std::vector<ParameterName> whole;
  for (const ParameterName& p : parameters) {
    const auto holds = [&](const std::string& end) { return InModule(end, p.name); };
    const auto has_bias = [&](const LoraSite& map) { return map.site.bias() == p.name; };
    const bool trains =
        p.in_head ? train_head
                  : std::any_of(saved.begin(), saved.end(), holds) ||
                        (bias == "all" && p.name.ends_with(".bias")) ||
                        (bias == "lora_only" && std::any_of(maps.begin(), maps.end(), has_bias));
    if (trains) whole.push_back(p);
  }
  return whole;
}

}  // namespace eida::catalog
