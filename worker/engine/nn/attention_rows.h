// Which rows of the queries see which rows of the keys: what tells self-attention, causal attention
// and attention across two sequences apart.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "worker/engine/nn/batch.h"

namespace eida::engine {

struct AttentionRows {
  std::vector<int32_t> q,
      k;                // item i has rows [q[i], q[i + 1]) of q and [k[i], k[i + 1]) of k and v
  bool causal = false;  // the last query sees every key, each one before it one key less

  int64_t items() const { return static_cast<int64_t>(q.size()) - 1; }
  int64_t longest() const {
    int32_t most = 0;
    for (const auto* starts : {&q, &k}) {
      for (size_t i = 1; i < starts->size(); ++i)
        most = std::max(most, (*starts)[i] - (*starts)[i - 1]);
    }
    return most;
  }

  // Every token sees all tokens of its item, or those up to itself.
  static AttentionRows Whole(const Sequences& s) { return {s.starts, s.starts, false}; }
  static AttentionRows Causal(const Sequences& s) { return {s.starts, s.starts, true}; }
  // Row i of q is item i's only query.
  static AttentionRows OneQuery(const Sequences& s) {
    std::vector<int32_t> rows(s.starts.size());
    std::iota(rows.begin(), rows.end(), 0);
    return {std::move(rows), s.starts, false};
  }
  static AttentionRows Across(const Sequences& queries, const Sequences& keys) {
    return {queries.starts, keys.starts, false};
  }
};

}  // namespace eida::engine
