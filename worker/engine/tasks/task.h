// A task turns rows of a data file into token ids and labels: once, where a job names a folder that
// keeps them (token_cache.h), else once per process.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "worker/engine/job.h"
#include "worker/engine/models/base.h"
#include "worker/engine/nn/batch.h"
#include "worker/engine/tasks/examples.h"

namespace eida::engine {

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

// By spec["data"], the inputs data/* and the tokenizer's; spec["data"]["task"] names the task of
// common/catalog/tasks.def. Out of the job's token folder when they are there, whole; else made,
// and kept there. DataError for what is wrong with the data, ConfigError for what the settings ask
// in vain.
Result<Examples> EncodeSplit(const Job& job, const Base& base, const ItemChoice& choice);

// The same; the last few are kept per process.
Result<std::shared_ptr<const Examples>> LoadExamples(const Job& job, const Base& base,
                                                     const ItemChoice& choice);

// The examples `which` (positions in `examples`) as one batch on `device`.
Batch MakeBatch(const Examples& examples, const std::vector<int64_t>& which, at::Device device);

}  // namespace eida::engine
