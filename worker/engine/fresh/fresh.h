// A new model with random weights, as a Hugging Face directory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"
#include "worker/engine/fresh/recipe.h"
#include "worker/engine/study.h"

namespace eida::engine {

struct FreshModel {
  Json config, tokenizer, tokenizer_config;
  Weights weights;  // fp32, under their Hugging Face names
};

// Its tokenizer learns from `texts`; the seed gives its weights, each drawn as transformers does
// where it makes such a model: normal weights, zero biases, unit norms, zero rows for padding.
// Equal arguments give equal bytes. ConfigError for an unknown family and for sizes that do not fit
// together; DataError as TrainTokenizer says.
Result<FreshModel> MakeFreshModel(const std::string& family, const FreshSizes& sizes, uint64_t seed,
                                  const std::vector<std::string>& texts);

// config.json last: without it the directory is none.
Status WriteFreshModel(const FreshModel& model, const std::string& directory);

}  // namespace eida::engine
