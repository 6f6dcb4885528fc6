// Texts that a language model writes behind prompts: many items at once, each by a search of its
// own.
#pragma once

#include <functional>
#include <vector>

#include "worker/engine/generate/search.h"
#include "worker/engine/models/base.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {

// What texts begin with: of an encoder-decoder what is read (`tokens`) and what the decoder begins
// with, of other models their own first tokens.
struct Prompts {
  TokenIds tokens, decoder;
  const TokenIds& own() const { return decoder.size() > 0 ? decoder : tokens; }
};

struct GenerateSettings {
  GenerateOptions options;
  at::ScalarType compute = at::kFloat;
  int64_t batch_size = 64;  // items at a time; each has num_beams rows
};

// What transformers' generate gives for each item alone, in item order; no text depends on which
// other items there are (to rounding). `go_on` is called before each token with the number of items
// that are done; when it returns false the result is Preempted(). ConfigError when a text may
// become longer than the model takes, or a token is outside its vocabulary; NonfiniteError.
Result<std::vector<Generated>> Generate(const Base& base, const Weights& weights,
                                        const Prompts& prompts, const GenerateSettings& settings,
                                        const std::function<bool(int64_t)>& go_on);

}  // namespace eida::engine
