#include "common/plan/parameters.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"

namespace eida::plan {
namespace {

// A target is a role ("query"), or the end of a module name ("attention.self.query").
bool Targets(const std::string& target, const inputs::SiteFact& site) {
  if (site.role == target || site.name == target) return true;
  return site.name.size() > target.size() &&
         site.name.compare(site.name.size() - target.size() - 1, std::string::npos, "." + target) ==
             0;
}

}  // namespace

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
  std::set<std::string> roles;
  for (const inputs::SiteFact& site : model.sites) roles.insert(site.role);
  std::set<std::string> sites;
  for (const std::string& target : GetOr<std::vector<std::string>>(adapter, "targets", {})) {
    bool found = false;
    for (const inputs::SiteFact& site : model.sites) {
      if (!Targets(target, site)) continue;
      found = true;
      if (sites.insert(site.name).second) count.adapter += r * (site.in + site.out);
    }
    if (!found) {
      const std::vector<std::string> have(roles.begin(), roles.end());
      const std::string meant = Nearest(target, have);
      return InvalidArgument("adapter target \"" + target +
                             "\" names no linear map of the model (roles: " + Join(have, ", ") +
                             ")" + (meant.empty() ? "" : "; did you mean \"" + meant + "\"?"));
    }
  }
  return count;
}

}  // namespace eida::plan
