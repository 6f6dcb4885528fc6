#include "worker/engine/formats/peft_read.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "common/base/fs.h"
#include "common/base/log_text.h"
#include "common/base/text.h"
#include "common/catalog/lora.h"
#include "worker/engine/formats/peft.h"
#include "worker/engine/formats/safetensors.h"

namespace eida::engine::peft {
namespace {

std::string ShapeWords(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t d : shape) text += (text.empty() ? "" : " x ") + std::to_string(d);
  return text.empty() ? "a number" : text;
}

// What each tensor of an adapter with these settings is like, by its name in an artifact.
Result<std::map<std::string, std::vector<int64_t>>> ShapesOf(const Base& base,
                                                             const Json& settings) {
  std::map<std::string, std::vector<int64_t>> shapes;
  EIDA_ASSIGN_OR_RETURN(const std::vector<catalog::LoraSite> maps,
                        catalog::LoraSites(base.model->sites(), settings));
  for (const catalog::LoraSite& map : maps) {
    shapes[KeyA(map.site.name)] = {map.r, map.site.in};
    shapes[KeyB(map.site.name)] = {map.site.out, map.r};
  }
  for (const Parameter& p : base.model->parameters()) shapes[KeyOf(p.name)] = p.shape;
  return shapes;
}

Status CheckTensor(const std::string& where, const at::Tensor& tensor,
                   const std::vector<int64_t>& shape) {
  if (!tensor.is_floating_point())
    return ConfigError(where + " is not floating point; quantised adapters are not read");
  if (tensor.sizes() != at::IntArrayRef(shape))
    return ConfigError(where + " is " + ShapeWords(tensor.sizes().vec()) +
                       ", configuration and base model ask for " + ShapeWords(shape) +
                       ": the adapter belongs to another model");
  if (!at::isfinite(tensor).all().item<bool>())
    return ConfigError(where +
                       " holds NaN or infinity: the file is damaged, or its training "
                       "diverged");
  return OkStatus();
}

bool IsHeadKey(const Base& base, const std::string& key) {
  return base.model->IsHead(key.substr(sizeof(kPrefix) - 1));
}

Status Disagree(const std::string& run, const std::string& file) {
  return ConfigError("the run and the adapter that it starts from disagree: " + run +
                     ", but in init/adapter_config.json " + file);
}

Status SameMaps(const Base& base, const Json& own, const Json& theirs) {
  EIDA_ASSIGN_OR_RETURN(const auto ours, catalog::LoraSites(base.model->sites(), own));
  EIDA_ASSIGN_OR_RETURN(const auto read, catalog::LoraSites(base.model->sites(), theirs));
  std::map<std::string, catalog::LoraSite> left;
  for (const catalog::LoraSite& map : read) left[map.site.name] = map;
  for (const catalog::LoraSite& map : ours) {
    const std::string& name = map.site.name;
    const auto found = left.find(name);
    if (found == left.end()) return Disagree("targets mean " + name, "target_modules do not");
    const catalog::LoraSite& other = found->second;
    if (other.r != map.r)
      return Disagree("the rank of " + name + " is " + std::to_string(map.r),
                      "it is " + std::to_string(other.r));
    if (std::abs(other.scale - map.scale) > 1e-9 * map.scale)
      return Disagree("the scale of " + name + " is " + FormatDouble(map.scale),
                      "it is " + FormatDouble(other.scale));
    left.erase(found);
  }
  if (!left.empty())
    return Disagree("targets do not mean " + left.begin()->first, "target_modules do");
  return OkStatus();
}

}  // namespace

Result<MemberFile> Read(const Base& base, const std::string& config_path,
                        const std::string& weights_path, bool other_head) {
  EIDA_ASSIGN_OR_RETURN(const std::string text, ReadFile(config_path));
  auto config = catalog::peft::ParseOrdered(text, config_path);
  if (!config.ok()) return ConfigError(Message(config.status()));
  EIDA_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(weights_path));
  const catalog::Model* entry =
      catalog::Find(catalog::Models(), GetOr<std::string>(base.config, "model_type", ""));
  catalog::peft::ModelNames names{*entry, base.model->sites(), {}};
  for (const Parameter& p : base.model->parameters()) {
    if (!p.buffer) names.parameters.push_back({p.name, base.model->IsHead(p.name)});
  }
  auto meaning = catalog::peft::MeaningOf(*config, names, file.names());
  if (!meaning.ok()) return ConfigError(config_path + ": " + Message(meaning.status()));
  EIDA_ASSIGN_OR_RETURN(const auto shapes, ShapesOf(base, meaning->settings));
  if (other_head) {
    const bool fits =
        std::all_of(meaning->tensors.begin(), meaning->tensors.end(), [&](const auto& tensor) {
          return !IsHeadKey(base, tensor.first) ||
                 file.Get(tensor.second).sizes() == at::IntArrayRef(shapes.at(tensor.first));
        });
    if (!fits) {
      std::erase_if(meaning->tensors, [&](const auto& t) { return IsHeadKey(base, t.first); });
      LogInfo(weights_path + ": its head has another number of labels and is left out");
    }
  }
  MemberFile member;
  for (const auto& [own, name] : meaning->tensors) {
    const at::Tensor tensor = file.Get(name);
    EIDA_RETURN_IF_ERROR(CheckTensor(weights_path + ": tensor " + name, tensor, shapes.at(own)));
    if (IsTiedTable(base, own.substr(sizeof(kPrefix) - 1)))
      return ConfigError(weights_path + ": " + name +
                         " is a token table of its own, the base model has one for tokens and "
                         "logits; merge the adapter in PEFT and use the model");
    member.tensors[own] = tensor.to(base.device, at::kFloat);
  }
  EIDA_ASSIGN_OR_RETURN(member.adapter, MakeAdapter(meaning->settings));
  return member;
}

Status StartFrom(const Base& base, const Job& job, const Adapter& adapter, Weights* state) {
  EIDA_ASSIGN_OR_RETURN(const std::string config, Input(job, "init/adapter_config.json"));
  EIDA_ASSIGN_OR_RETURN(const std::string weights, Input(job, "init/adapter_model.safetensors"));
  EIDA_ASSIGN_OR_RETURN(const MemberFile file, Read(base, config, weights, true));
  EIDA_RETURN_IF_ERROR(SameMaps(base, adapter.settings(), file.adapter->settings()));
  size_t whole = 0, given = 0;
  for (const auto& [key, tensor] : *state) whole += !IsHeadKey(base, key);
  for (const auto& [key, tensor] : file.tensors) {
    if (state->count(key) == 0)
      return Disagree(key + " does not train (bias, modules_to_save, train_head)", "it did");
    given += !IsHeadKey(base, key);
    (*state)[key] = tensor.clone();
  }
  if (given != whole)
    return Disagree("more biases or modules train whole (bias, modules_to_save)", "they did not");
  return OkStatus();
}

}  // namespace eida::engine::peft
