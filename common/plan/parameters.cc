#include "common/plan/parameters.h"

namespace eida::plan {
Result<ParameterCount> CountParameters(const inputs::ModelFacts& model, const Json& adapter,
                                       int64_t labels) {
  ParameterCount count;
  count.base = model.parameters;
  count.head = model.hidden_size * labels + labels;
  if (GetOr<std::string>(adapter, "type", "none") == "none") {
    count.adapter = count.base;
    return count;
  }
  const auto r = GetOr<int64_t>(adapter, "r", 0);
  EIDA_ASSIGN_OR_RETURN(
      const std::vector<catalog::SiteShape> sites,
      catalog::TargetSites(model.sites, GetOr<std::vector<std::string>>(adapter, "targets", {})));
  for (const catalog::SiteShape& site : sites) count.adapter += r * (site.in + site.out);
  return count;
}

}  // namespace eida::plan
