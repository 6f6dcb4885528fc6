// A task turns rows of a data file into token ids and labels, once per process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "worker/engine/job.h"
#include "worker/engine/models/base.h"
#include "worker/engine/nn/batch.h"

namespace eida::engine {

inline constexpr int64_t kNoLabel = -100;

// Items of one split, in file order.
struct Examples {
  std::vector<int64_t> items;   // row numbers
  std::vector<int64_t> labels;  // of a classifier; else empty
  TokenIds tokens;              // one entry per item
  TokenIds decoder;             // what an encoder-decoder's decoder reads; else empty
  // Language models: for each token of `decoder` (of `tokens` when there is no decoder) the token
  // that it predicts, kNoLabel where the loss does not look. Empty for classifiers.
  std::vector<int64_t> targets;
  std::string item_hash;
  int64_t size() const { return static_cast<int64_t>(items.size()); }
  int64_t length(int64_t i) const { return tokens.starts[i + 1] - tokens.starts[i]; }
  // How many labels the loss of an item is about.
  int64_t label_count(int64_t i) const;
  // The sequences that a language model predicts.
  const TokenIds& predicted() const { return decoder.size() > 0 ? decoder : tokens; }
};

// Which of a split's items: all of them, or `samples` chosen by `item_seed`; of these all, or a
// half.
struct ItemChoice {
  std::string split;
  std::optional<int64_t> samples;
  int64_t item_seed = 0;
  struct Half {
    int64_t seed = 0;
    bool other = false;  // the half that the seed does not choose
  };
  std::optional<Half> half;
  std::string key() const;  // of the choice; equal for equal ones
};

// `split`, and by spec["samples"] and spec["item_seed"] some of it when `sampled`. ConfigError.
Result<ItemChoice> ReadItemChoice(const Job& job, const std::string& split, bool sampled);

// By spec["data"] and the inputs data/*; spec["data"]["task"] names the task of
// common/catalog/tasks.def. The last few are kept per process. DataError for what is wrong with the
// data, ConfigError for what the settings ask in vain.
Result<std::shared_ptr<const Examples>> LoadExamples(const Job& job, const Base& base,
                                                     const ItemChoice& choice);

// The examples `which` (positions in `examples`) as one batch on `device`.
Batch MakeBatch(const Examples& examples, const std::vector<int64_t>& which, at::Device device);

}  // namespace eida::engine
