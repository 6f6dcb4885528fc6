// The names and the configuration that PEFT gives a LoRA adapter on disk.
#pragma once

#include <string>

#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/engine/models/model.h"

namespace eida::engine::peft {

// What PEFT puts before the base model's module paths.
inline constexpr char kPrefix[] = "base_model.model.";

std::string KeyA(const std::string& module);  // base_model.model.<module>.lora_A.weight
std::string KeyB(const std::string& module);  // base_model.model.<module>.lora_B.weight
std::string KeyOf(
    const std::string& parameter);  // base_model.model.<parameter>: a module that was saved whole
// adapter_config.json of adapter `settings` on `model`. Targets become PEFT's module names, which
// match exactly the same sites.
Result<Json> AdapterConfig(const Json& settings, const Model& model, const Json& base_name);

}  // namespace eida::engine::peft
