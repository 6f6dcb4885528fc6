#include "common/base/json.h"
#include "common/catalog/peft.h"
#include "common/inputs/gather.h"
#include "common/plan/plan.h"

namespace eida::plan {
namespace {

namespace peft = catalog::peft;

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t d : shape) text += (text.empty() ? "" : " x ") + std::to_string(d);
  return text;
}

// Have the factors the ranks of the configuration and the shapes of the model's maps?
Status CheckShapes(const inputs::AdapterFacts& facts, const peft::Meaning& meaning,
                   const std::vector<catalog::SiteShape>& sites) {
  std::map<std::string, std::vector<int64_t>> stored;
  for (const inputs::TensorFact& tensor : facts.tensors) stored[tensor.name] = tensor.shape;
  EIDA_ASSIGN_OR_RETURN(const std::vector<catalog::LoraSite> maps,
                        catalog::LoraSites(sites, meaning.settings));
  for (const catalog::LoraSite& map : maps) {
    for (const auto& [key, shape] : {std::pair<std::string, std::vector<int64_t>>{
                                         peft::KeyA(map.site.name), {map.r, map.site.in}},
                                     {peft::KeyB(map.site.name), {map.site.out, map.r}}}) {
      const std::string& name = meaning.tensors.at(key);
      if (stored.at(name) == shape) continue;
      return InvalidArgument(facts.path + "/adapter_model.safetensors: tensor " + name + " is " +
                             ShapeText(stored.at(name)) +
                             ", adapter_config.json and the base model ask for " +
                             ShapeText(shape) + ": the adapter belongs to another model");
    }
  }
  return OkStatus();
}

}  // namespace

Result<Json> ResolvedAdapter(const Json& adapter, const PlanInputs& inputs) {
  const auto path = GetOr<std::string>(adapter, "init", "");
  if (path.empty()) return adapter;
  const auto facts = inputs.adapters.find(path);
  const auto files = inputs.files.find(path);
  if (facts == inputs.adapters.end() || files == inputs.files.end())
    return InvalidArgument("the files of adapter.init \"" + path + "\" were not given");
  const std::string where = path + "/adapter_config.json";
  EIDA_ASSIGN_OR_RETURN(const peft::OrderedJson config,
                        peft::ParseOrdered(facts->second.config, where));
  const catalog::Model* entry = catalog::Find(catalog::Models(), inputs.model.architecture);
  std::vector<std::string> names;
  for (const inputs::TensorFact& tensor : facts->second.tensors) names.push_back(tensor.name);
  auto meaning = peft::MeaningOf(
      config, {*entry, inputs.model.sites, inputs::ParametersOf(inputs.model)}, names);
  if (!meaning.ok()) return Annotate(meaning.status(), where);
  EIDA_RETURN_IF_ERROR(CheckShapes(facts->second, *meaning, inputs.model.sites));
  Json settings = meaning->settings;
  settings.erase("train_head");  // a head that the adapter lacks is new, and trains
  for (const char* own : {"dropout", "train_head"}) {
    if (adapter.contains(own)) settings[own] = adapter[own];
  }
  settings["init"] = inputs::ModelDigest(files->second);
  return settings;
}

}  // namespace eida::plan
