// Several runs in one pass: a lane is the rows of one of them.
#pragma once

#include <cstdint>
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

}  // namespace eida::engine
