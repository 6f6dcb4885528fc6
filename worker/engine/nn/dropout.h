// The keys of one dropout of a pass: one, or one a lane.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "worker/engine/nn/kernels.h"
#include "worker/engine/nn/lanes.h"

namespace eida::engine {

// A lane draws the masks that it would draw alone: its rows are numbered from its own first. A part
// of a batch draws those of the whole: its rows are numbered on from the ones before it.
class DropoutKeys {
 public:
  DropoutKeys() = default;
  DropoutKeys(const DropoutKey& key) : keys_{key} {}  // NOLINT: one key is a set of keys
  DropoutKeys(std::vector<DropoutKey> keys, std::shared_ptr<const LaneRows> lanes)
      : keys_(std::move(keys)), lanes_(std::move(lanes)) {}
  DropoutKeys(const DropoutKey& key, std::shared_ptr<const PartRows> part)
      : keys_{key}, part_(std::move(part)) {}

  bool none() const {
    return std::all_of(keys_.begin(), keys_.end(),
                       [](const DropoutKey& key) { return key.threshold == 0; });
  }
  // Calls body(key, first, begin, end) for each lane's part [begin, end) of the range [begin, end)
  // of `rows` rows; the lane's rows begin with `first`, which is negative where rows stand before
  // the part.
  template <class Body>
  void ForLanes(int64_t rows, int64_t begin, int64_t end, Body&& body) const {
    if (lanes_ == nullptr) {
      body(keys_.empty() ? DropoutKey() : keys_.front(), -Before(rows), begin, end);
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
  // Of items whose rows begin at `starts`: the row that is numbered 0, given `first` of ForLanes
  // over the items.
  int64_t FirstRow(const std::vector<int32_t>& starts, int64_t first) const {
    return part_ == nullptr ? starts[static_cast<size_t>(first)] : -Before(starts.back());
  }

 private:
  int64_t Before(int64_t rows) const { return part_ == nullptr ? 0 : part_->Before(rows); }

  std::vector<DropoutKey> keys_;
  std::shared_ptr<const LaneRows> lanes_;  // null: one key for all rows
  std::shared_ptr<const PartRows> part_;   // null: the rows are the whole batch
};

}  // namespace eida::engine
