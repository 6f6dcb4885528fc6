// The rows of one split of a job's data.
#pragma once

#include <string>
#include <vector>

#include "common/inputs/rows.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {

struct SplitRows {
  std::vector<int64_t> items;     // row numbers in the file, ascending
  std::vector<inputs::Row> rows;  // of each item
};

// By spec["data"] and the inputs data/*. DataError for what is wrong with a file or too small for
// the splits, ConfigError for a split that there is not.
Result<SplitRows> ReadSplit(const Job& job, const Base& base, const ItemChoice& choice);

// data.max_length, the model's own where it is absent. ConfigError outside `least` to that.
Result<int64_t> MaxLength(const Job& job, const Base& base, int64_t least);

}  // namespace eida::engine
