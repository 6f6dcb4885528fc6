// A LoRA adapter that PEFT wrote, as one of ours.
#pragma once

#include <string>

#include "worker/engine/formats/member.h"

namespace eida::engine::peft {

// From adapter_config.json and adapter_model.safetensors. ConfigError naming file and key when it
// is of another kind, of another base model, does not hold what its configuration says, or needs
// what is not computed (common/catalog/peft.h); a head that is not in it stays the base's.
// `other_head`: one of another number of labels is left out, as if it were not in the file.
Result<MemberFile> Read(const Base& base, const std::string& config_path,
                        const std::string& weights_path, bool other_head = false);

// Puts the adapter of the inputs init/adapter_config.json and init/adapter_model.safetensors into
// `state`, the start of a run of `adapter`. A head of another number of labels is another task's:
// the run keeps its new one. ConfigError naming both values where targets, ranks, scales or what
// trains whole disagree.
Status StartFrom(const Base& base, const Job& job, const Adapter& adapter, Weights* state);

}  // namespace eida::engine::peft
