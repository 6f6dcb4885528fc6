#include <algorithm>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/engine/adapters/adapter.h"

namespace eida::engine {

#define EIDA_ADAPTER(id, parameters, help) \
  Result<std::unique_ptr<Adapter>> MakeAdapter_##id(const Json&);
#include "common/catalog/adapters.def"
#undef EIDA_ADAPTER

namespace {

struct AdapterEntry {
  const char* id;
  Result<std::unique_ptr<Adapter>> (*make)(const Json&);
};
constexpr AdapterEntry kAdapters[] = {
#define EIDA_ADAPTER(id, parameters, help) {#id, MakeAdapter_##id},
#include "common/catalog/adapters.def"
#undef EIDA_ADAPTER
};

bool Names(const std::string& target, const SiteName& site) {
  if (site.role == target || site.name == target) return true;
  return site.name.size() > target.size() &&
         site.name.compare(site.name.size() - target.size() - 1, std::string::npos, "." + target) ==
             0;
}

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter(const Json& settings) {
  const auto type = GetOr<std::string>(settings, "type", "none");
  for (const AdapterEntry& entry : kAdapters) {
    if (type == entry.id) return entry.make(settings);
  }
  return ConfigError("adapter.type is \"" + type +
                     "\", this version has: " + Join(catalog::Ids(catalog::Adapters()), ", "));
}

Result<std::vector<SiteName>> TargetSites(const Model& model,
                                          const std::vector<std::string>& targets) {
  std::vector<SiteName> sites;
  for (const std::string& target : targets) {
    const bool found = std::any_of(model.sites().begin(), model.sites().end(),
                                   [&](const SiteName& s) { return Names(target, s); });
    if (found) continue;
    std::vector<std::string> roles;
    for (const SiteName& site : model.sites()) {
      if (!site.role.empty() && std::find(roles.begin(), roles.end(), site.role) == roles.end())
        roles.push_back(site.role);
    }
    const std::string meant = Nearest(target, roles);
    return ConfigError("adapter target \"" + target +
                       "\" names no linear map of the model (roles: " + Join(roles, ", ") + ")" +
                       (meant.empty() ? "" : "; did you mean \"" + meant + "\"?"));
  }
  for (const SiteName& site : model.sites()) {
    if (std::any_of(targets.begin(), targets.end(),
                    [&](const std::string& t) { return Names(t, site); }))
      sites.push_back(site);
  }
  return sites;
}

}  // namespace eida::engine
