// The names that PEFT gives a LoRA adapter's tensors on disk.
#pragma once

#include <string>

namespace eida::engine::peft {

// What PEFT puts before the base model's module paths.
inline constexpr char kPrefix[] = "base_model.model.";

std::string KeyA(const std::string& module);  // base_model.model.<module>.lora_A.weight
std::string KeyB(const std::string& module);  // base_model.model.<module>.lora_B.weight
std::string KeyOf(
    const std::string& parameter);  // base_model.model.<parameter>: a module that was saved whole
// The same for the bias of a module that has factors: base_model.model.<module>.base_layer.bias.
std::string KeyOfInnerBias(const std::string& module);

}  // namespace eida::engine::peft
