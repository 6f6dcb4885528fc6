// How many parameters a variant trains, from the configuration alone.
#pragma once

#include "common/base/json.h"
#include "common/inputs/facts.h"

namespace eida::plan {

struct ParameterCount {
  int64_t base = 0;     // of the base model, head excluded
  int64_t adapter = 0;  // trained by the adapter alone (full fine-tuning: the base)
  int64_t head = 0;
  int64_t trainable() const { return adapter + head; }
  double ratio() const {
    return base > 0 ? static_cast<double>(adapter) / static_cast<double>(base) : 0;
  }  // thesis tables 4 and 5
};

// InvalidArgument when a target names no linear map of the model.
Result<ParameterCount> CountParameters(const inputs::ModelFacts& model, const Json& adapter,
                                       int64_t labels);

}  // namespace eida::plan
