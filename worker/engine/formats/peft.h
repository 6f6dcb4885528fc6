// The names that PEFT gives a LoRA adapter's tensors on disk, as the engine uses them.
#pragma once

#include "common/catalog/peft.h"

namespace eida::engine::peft {

using catalog::peft::KeyA;
using catalog::peft::KeyB;
using catalog::peft::KeyOf;
using catalog::peft::KeyOfInnerBias;
using catalog::peft::kPrefix;

}  // namespace eida::engine::peft
