// An adapter as the two files that PEFT loads.
#pragma once

#include "worker/engine/adapters/adapter.h"

namespace eida::engine::peft {

struct Files {
  Json config;      // adapter_config.json
  Weights tensors;  // adapter_model.safetensors
};

// The adapter with this state as a LoRA of PEFT, for every adapter that is one (AsLowRank). PEFT
// puts factors on whole modules: those of a fused map's parts become one pair, A's stacked, B in
// blocks, alpha so that the scale stays. Targets are PEFT's module names, which mean exactly the
// modules with factors. A classifier's head is always among the files, as PEFT reads it for the
// task SEQ_CLS. ConfigError saying why PEFT cannot hold it.
Result<Files> Write(const Base& base, const Adapter& adapter, const Weights& state);

}  // namespace eida::engine::peft
