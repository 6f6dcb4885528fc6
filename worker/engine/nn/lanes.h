// Whose rows a pass computes: those of several runs (a lane is the rows of one of them), or a part
// of one run's batch.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace eida::engine {

// Where each lane's rows end, lane by lane, for every kind of row that a model computes: tokens,
// the decoder's tokens, items. The last end is how many rows there are.
class LaneRows {
 public:
  using Ends = std::vector<int64_t>;

  explicit LaneRows(std::vector<Ends> kinds) : kinds_(std::move(kinds)) {}
  // Kinds are told apart by their number of rows; false when two that have as many differ in their
  // lanes.
  bool Tell() const;
  // Of a tensor with so many rows. REQUIRES: Tell(), and a kind has so many.
  const Ends& EndsOf(int64_t rows) const;

 private:
  std::vector<Ends> kinds_;
};

// The part of a batch that this process computes: for every kind of row how many there are here and
// how many of the batch stand before them. Kinds are told apart by their number of rows here; of
// two that have as many the first counts.
class PartRows {
 public:
  using Kind = std::pair<int64_t, int64_t>;  // rows here, rows before them

  explicit PartRows(std::vector<Kind> kinds) : kinds_(std::move(kinds)) {}
  // 0 when no kind has so many rows.
  int64_t Before(int64_t rows) const {
    for (const auto& [here, before] : kinds_) {
      if (here == rows) return before;
    }
    return 0;
  }

 private:
  std::vector<Kind> kinds_;
};

}  // namespace eida::engine
