#include "common/plan/parameters.h"

#include <algorithm>
#include <map>

#include "common/catalog/eida_dims.h"
#include "common/catalog/lora.h"

namespace eida::plan {
namespace {

// B of each site; with dims by the rule, which measures the model, the most that it may be.
Result<int64_t> CountEida(const inputs::ModelFacts& model, const Json& adapter,
                          const std::vector<catalog::SiteShape>& sites) {
  const std::vector<int64_t> choices = catalog::EidaChoices(adapter);
  std::vector<catalog::EidaDims> dims(sites.size());
  if (choices.empty()) {
    EIDA_ASSIGN_OR_RETURN(dims, catalog::FixedEidaDims(adapter, sites));
  } else {
    std::fill(dims.begin(), dims.end(), catalog::EidaDims{choices.back(), choices.back()});
    EIDA_RETURN_IF_ERROR(catalog::UseOwnDims(adapter, sites, &dims));
  }
  std::map<std::string, int64_t> widths;
  for (size_t i = 0; i < sites.size(); ++i) {
    int64_t& width = widths[catalog::InputOf(sites[i])];
    width = std::max(width, dims[i].input);
  }
  int64_t count = 0;
  for (size_t i = 0; i < sites.size(); ++i)
    count += dims[i].output * widths.at(catalog::InputOf(sites[i]));
  if (GetOr<std::string>(adapter, "freeze", "doc") != "code") return count;
  count += model.parameters;  // but for the linear maps
  for (const catalog::SiteShape& site : model.sites) {
    if (site.whole() && !site.in_head) count -= site.out * site.in + site.out;
  }
  return count;
}

int64_t CountBiases(const inputs::ModelFacts& model) {
  int64_t count = 0;
  for (const auto& [name, numbers] : model.tensors) {
    if (name.ends_with(".bias")) count += numbers;
  }
  return count;
}

// What of the head trains: its last projection, and its other maps but for those that `targets`
// adapts in place of them. Language models have none.
int64_t CountHead(const inputs::ModelFacts& model, const std::vector<catalog::SiteShape>& adapted,
                  int64_t labels) {
  const catalog::Model* entry = catalog::Find(catalog::Models(), model.architecture);
  if (entry != nullptr && entry->generates) return 0;
  int64_t count = model.hidden_size * labels + labels;
  for (const catalog::SiteShape& site : model.sites) {
    const bool other = std::any_of(adapted.begin(), adapted.end(), [&](const auto& target) {
      return target.module == site.module;
    });
    if (site.in_head && !other) count += site.out * site.in + site.out;
  }
  return count;
}

// The factors, and what trains whole.
Status CountLora(const inputs::ModelFacts& model, const Json& adapter, ParameterCount* count) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<catalog::LoraSite> maps,
                        catalog::LoraSites(model.sites, adapter));
  EIDA_RETURN_IF_ERROR(catalog::CheckRanks(maps));
  for (const catalog::LoraSite& map : maps) count->adapter += map.r * (map.site.in + map.site.out);
  EIDA_ASSIGN_OR_RETURN(const std::vector<catalog::ParameterName> whole,
                        catalog::WholeParameters(inputs::ParametersOf(model), adapter, maps));
  bool head = false;
  for (const catalog::ParameterName& p : whole) {
    head |= p.in_head;
    if (!p.in_head) count->adapter += model.tensors.at(p.name);
  }
  if (!head) count->head = 0;
  return OkStatus();
}

}  // namespace

Result<ParameterCount> CountParameters(const inputs::ModelFacts& model, const Json& adapter,
                                       int64_t labels) {
  ParameterCount count;
  count.base = model.parameters;
  count.head = CountHead(model, {}, labels);
  const auto type = GetOr<std::string>(adapter, "type", "none");
  if (type == "none") {
    count.adapter = count.base;
    return count;
  }
  if (type == "bitfit") {
    count.adapter = CountBiases(model);
    return count;
  }
  if (type == "lora") {
    EIDA_RETURN_IF_ERROR(CountLora(model, adapter, &count));
    return count;
  }
  const auto r = GetOr<int64_t>(adapter, "r", 0);  // EVA's on average, which it measures
  EIDA_ASSIGN_OR_RETURN(
      const std::vector<catalog::SiteShape> sites,
      catalog::TargetSites(model.sites, GetOr<std::vector<std::string>>(adapter, "targets", {})));
  if (type == "eida") {
    EIDA_ASSIGN_OR_RETURN(count.adapter, CountEida(model, adapter, sites));
    count.head = GetOr<bool>(adapter, "train_head", true) ? CountHead(model, sites, labels) : 0;
    return count;
  }
  for (const catalog::SiteShape& site : sites)
    count.adapter += type == "lora_xs" || type == "lora_sb" ? r * r : r * (site.in + site.out);
  return count;
}

}  // namespace eida::plan
