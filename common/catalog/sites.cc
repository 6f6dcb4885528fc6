#include "common/catalog/sites.h"

#include <algorithm>

#include "common/base/text.h"

namespace eida::catalog {
namespace {

bool EndsAtDot(const std::string& name, const std::string& end) {
  return name.size() > end.size() &&
         name.compare(name.size() - end.size() - 1, std::string::npos, "." + end) == 0;
}

Status NoSuchSite(const std::string& target, const std::vector<SiteShape>& sites) {
  std::vector<std::string> roles;
  for (const SiteShape& site : sites) {
    if (std::find(roles.begin(), roles.end(), site.role) == roles.end()) roles.push_back(site.role);
  }
  return InvalidArgument("adapter target \"" + target +
                         "\" names no linear map of the model (roles: " + Join(roles, ", ") +
                         "; modules such as " + (sites.empty() ? "none" : sites.front().module) +
                         ")" + Meant(target, roles));
}

}  // namespace

std::string WithoutPrefix(const Model& model, const std::string& module) {
  return module.rfind(model.prefix, 0) == 0 ? module.substr(model.prefix.size()) : module;
}

std::vector<SiteShape> SitesOf(const Model& model, const std::string& module, int64_t rows,
                               int64_t columns) {
  std::vector<SiteShape> sites;
  const std::string name = WithoutPrefix(model, module);
  // * also matches dots, so the first pattern that fits is the one; parts share it.
  const auto first = std::find_if(model.roles.begin(), model.roles.end(),
                                  [&](const Role& role) { return GlobMatch(role.pattern, name); });
  if (first == model.roles.end()) return sites;
  for (const Role& role : model.roles) {
    if (role.pattern != first->pattern) continue;
    SiteShape site;
    site.module = module;
    site.name = role.parts == 1 ? module : module + "." + role.role;
    site.role = role.role;
    site.out = (role.transposed ? columns : rows) / role.parts;
    site.in = role.transposed ? rows : columns;
    site.begin = site.out * role.part;
    site.transposed = role.transposed;
    site.in_head = role.in_head;
    sites.push_back(std::move(site));
  }
  return sites;
}

bool IsTarget(const std::string& target, const SiteShape& site) {
  if (target.find('*') != std::string::npos)
    return GlobMatch(target, site.name) || GlobMatch("*." + target, site.name);
  return site.role == target || site.name == target || EndsAtDot(site.name, target);
}

Result<std::vector<SiteShape>> TargetSites(const std::vector<SiteShape>& sites,
                                           const std::vector<std::string>& targets) {
  std::vector<SiteShape> found;
  for (const std::string& target : targets) {
    if (std::none_of(sites.begin(), sites.end(),
                     [&](const SiteShape& s) { return IsTarget(target, s); }))
      return NoSuchSite(target, sites);
  }
  for (const SiteShape& site : sites) {
    if (std::none_of(targets.begin(), targets.end(),
                     [&](const std::string& t) { return IsTarget(t, site); }))
      continue;
    const auto twice = std::find_if(found.begin(), found.end(), [&](const SiteShape& other) {
      return other.module == site.module && (other.whole() || site.whole());
    });
    if (twice != found.end()) {
      return InvalidArgument("adapter targets name " + twice->name + " and its part " + site.name +
                             "; name the whole map or its parts");
    }
    found.push_back(site);
  }
  return found;
}

Result<std::vector<std::optional<double>>> NumbersByPattern(const std::vector<SiteShape>& sites,
                                                            const Json& settings, const char* key) {
  std::vector<std::optional<double>> numbers(sites.size());
  const Json pattern = settings.value(key, Json::array());
  if (!pattern.is_array())
    return InvalidArgument(std::string(key) + " is no list of targets and numbers");
  for (const Json& entry : pattern) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number() ||
        !(entry[1].get<double>() > 0)) {
      return InvalidArgument(std::string(key) + " has " + entry.dump() +
                             ", not a target and a positive number");
    }
    const auto target = entry[0].get<std::string>();
    bool means = false, holds = false;
    for (size_t i = 0; i < sites.size(); ++i) {
      if (!IsTarget(target, sites[i])) continue;
      means = true;
      if (numbers[i]) continue;
      holds = true;
      numbers[i] = entry[1].get<double>();
    }
    if (holds) continue;
    return InvalidArgument(
        std::string(key) + "." + target +
        (means ? " holds for no map: the entries before it, the first of which holds, mean all of "
                 "its maps; write it before them"
               : " means none of the maps that targets names"));
  }
  return numbers;
}

}  // namespace eida::catalog
