#include "worker/engine/formats/peft.h"

namespace eida::engine::peft {

std::string KeyA(const std::string& module) { return kPrefix + module + ".lora_A.weight"; }
std::string KeyB(const std::string& module) { return kPrefix + module + ".lora_B.weight"; }
std::string KeyOf(const std::string& parameter) { return kPrefix + parameter; }
std::string KeyOfInnerBias(const std::string& module) {
  return kPrefix + module + ".base_layer.bias";
}

}  // namespace eida::engine::peft
