// The keys of one dropout of a pass: one, or one a lane.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "worker/engine/nn/kernels.h"
#include "worker/engine/nn/lanes.h"

namespace eida::engine {

// A lane draws the masks that it would draw alone: its rows are numbered from its own first.
class DropoutKeys {
 public:
  DropoutKeys() = default;
  DropoutKeys(const DropoutKey& key) : keys_{key} {}  // NOLINT: one key is a set of keys
  DropoutKeys(std::vector<DropoutKey> keys, std::shared_ptr<const LaneRows> lanes)
      : keys_(std::move(keys)), lanes_(std::move(lanes)) {}

  bool none() const {
    return std::all_of(keys_.begin(), keys_.end(),
                       [](const DropoutKey& key) { return key.threshold == 0; });
  }
  // Calls body(key, first, begin, end) for each lane's part [begin, end) of the range [begin, end)
  // of `rows` rows; the lane's rows begin with `first`.
  template <class Body>
  void ForLanes(int64_t rows, int64_t begin, int64_t end, Body&& body) const {
    if (lanes_ == nullptr) {
      body(keys_.empty() ? DropoutKey() : keys_.front(), int64_t{0}, begin, end);
      return;
    }
    const LaneRows::Ends& ends = lanes_->EndsOf(rows);
    int64_t first = 0;
    for (size_t i = 0; i < ends.size(); ++i) {
      const int64_t from = std::max(begin, first), to = std::min(end, ends[i]);
      if (from < to) body(keys_[i], first, from, to);
      first = ends[i];
    }
  }

 private:
  std::vector<DropoutKey> keys_;
  std::shared_ptr<const LaneRows> lanes_;  // null: one key for all rows
};

}  // namespace eida::engine
