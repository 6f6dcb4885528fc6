// LoRA adapters of PEFT: the names of their tensors, and what their configuration means on a model.
// Torch-free, so that a plan counts what the engine reads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/catalog/lora.h"

namespace eida::catalog::peft {

// What PEFT puts before the base model's module paths.
inline constexpr char kPrefix[] = "base_model.model.";

std::string KeyA(const std::string& module);  // base_model.model.<module>.lora_A.weight
std::string KeyB(const std::string& module);  // base_model.model.<module>.lora_B.weight
std::string KeyOf(
    const std::string& parameter);  // base_model.model.<parameter>: a module that was saved whole
// The same for the bias of a module that has factors: base_model.model.<module>.base_layer.bias.
std::string KeyOfInnerBias(const std::string& module);

// Keeps the order of a file: of two patterns that mean a module the first holds.
using OrderedJson = nlohmann::ordered_json;
// InvalidArgument with byte position.
Result<OrderedJson> ParseOrdered(const std::string& text, const std::string& what);

struct ModelNames {
  const Model& entry;
  std::vector<SiteShape> sites;           // with the model's prefix
  std::vector<ParameterName> parameters;  // no buffers
};

struct Meaning {
  Json settings;          // of adapter `lora`
  bool has_head = false;  // the file has the head's tensors
  // Name in an artifact of Eida -> name in adapter_model.safetensors; all that the file has.
  std::map<std::string, std::string> tensors;
};

// What `config` (adapter_config.json) and the tensors' names of adapter_model.safetensors mean on
// this model. InvalidArgument naming the key and the reason when it is no LoRA, when it has a
// setting that changes the function and cannot be computed (DoRA, PiSSA, ..) or is not known, and
// when configuration, names and model do not fit together. Settings list modules by whole paths.
Result<Meaning> MeaningOf(const OrderedJson& config, const ModelNames& model,
                          const std::vector<std::string>& names);

}  // namespace eida::catalog::peft
