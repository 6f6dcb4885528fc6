// A trained model as directories that other programs load.
#pragma once

#include <string>
#include <vector>

#include "worker/engine/formats/member.h"
#include "worker/engine/models/base.h"

namespace eida::engine {

// A Hugging Face model directory: config.json, model.safetensors (every tensor, merged), the
// tokenizer's files. Returns the names of the files, sorted.
Result<std::vector<std::string>> ExportModel(const Job& job, const Base& base,
                                             const Weights& merged, const std::string& directory);
// A PEFT adapter directory: adapter_config.json, adapter_model.safetensors. ConfigError where PEFT
// has no form for the adapter.
Result<std::vector<std::string>> ExportPeft(const Base& base, const MemberFile& member,
                                            const std::string& directory);

}  // namespace eida::engine
