// How a text is generated, by the names of transformers' generate.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"

namespace eida::engine {

struct GenerateOptions {
  enum class EarlyStopping { kFalse, kTrue, kNever };

  int64_t num_beams = 1;        // 1: greedy
  int64_t max_new_tokens = 20;  // of an item
  int64_t max_length = 0;       // with the prompt (of the decoder); 0: no such limit
  int64_t min_new_tokens = 0;   // before them no token of eos_token_id
  double length_penalty = 1;    // a text of n new tokens scores sum of logs / n^length_penalty
  EarlyStopping early_stopping = EarlyStopping::kFalse;
  int64_t no_repeat_ngram_size = 0;   // 0: any
  std::vector<int64_t> eos_token_id;  // none: runs to the end
  int64_t forced_bos_token_id = -1;   // -1: none; the token behind a prompt of one
  int64_t forced_eos_token_id = -1;   // -1: none; the last token that a text can have

  // New tokens of an item whose prompt has so many.
  int64_t NewTokens(int64_t prompt) const;
};

// From {num_beams, max_length | max_new_tokens, ..}; what is absent or null is not asked for, and
// without either length there are 20 new tokens. InvalidArgument naming the key, its value and what
// it may be; unknown keys too.
Result<GenerateOptions> ReadGenerateOptions(const Json& json);

}  // namespace eida::engine
