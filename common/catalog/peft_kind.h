// Which of PEFT's configurations are read: the part that needs no model's names. Internal to
// peft.cc.
#pragma once

#include <string>

#include "common/catalog/peft.h"

namespace eida::catalog::peft {

// The member `key`, or null.
OrderedJson ValueOf(const OrderedJson& config, const char* key);
// InvalidArgument "<key> is <value><why>".
Status Wrong(const std::string& key, const OrderedJson& value, const std::string& why);

// LoRA without settings that change the function and are not computed, or are not known.
Status CheckKind(const OrderedJson& config);
// A task of the base model's head, or none.
Status CheckTask(const OrderedJson& config, const ModelNames& model);

}  // namespace eida::catalog::peft
