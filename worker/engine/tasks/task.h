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

// Items of one split, in file order.
struct Examples {
  std::vector<int64_t> items;  // row numbers
  std::vector<int64_t> labels;
  TokenIds tokens;  // one entry per item
  std::string item_hash;
  int64_t size() const { return static_cast<int64_t>(items.size()); }
  int64_t length(int64_t i) const { return tokens.starts[i + 1] - tokens.starts[i]; }
};

// Which of a split's items: all of them, or `samples` chosen by `item_seed`.
struct ItemChoice {
  std::string split;
  std::optional<int64_t> samples;
  int64_t item_seed = 0;
};

// By spec["data"] and the inputs data/*; spec["data"]["task"] names the task of
// common/catalog/tasks.def. The last few are kept per process. DataError for what is wrong with the
// data, ConfigError for what the settings ask in vain.
Result<std::shared_ptr<const Examples>> LoadExamples(const Job& job, const Base& base,
                                                     const ItemChoice& choice);

// The examples `which` (positions in `examples`) as one batch on `device`.
Batch MakeBatch(const Examples& examples, const std::vector<int64_t>& which, at::Device device);

}  // namespace eida::engine
