#include "worker/engine/train/order.h"

#include <algorithm>
#include <numeric>

#include "common/base/rng.h"

namespace eida::engine {
namespace {

using Batches = std::vector<std::vector<int64_t>>;

// Sorts each window of `order` by length. A window is `width` items, or ends with the item that
// fills it with `tokens`.
void SortWindows(const Examples& examples, int64_t width, int64_t tokens,
                 std::vector<int64_t>& order) {
  const auto n = static_cast<int64_t>(order.size());
  for (int64_t begin = 0, end = 0; begin < n; begin = end) {
    if (tokens > 0) {
      for (int64_t held = 0; end < n && held < tokens; ++end) held += examples.length(order[end]);
    } else {
      end = std::min(n, begin + width);
    }
    std::stable_sort(order.begin() + begin, order.begin() + end,
                     [&](int64_t a, int64_t b) { return examples.length(a) < examples.length(b); });
  }
}

Batches CutByItems(const std::vector<int64_t>& order, int64_t batch_size) {
  Batches batches;
  const auto n = static_cast<int64_t>(order.size());
  for (int64_t begin = 0; begin < n; begin += batch_size)
    batches.emplace_back(order.begin() + begin, order.begin() + std::min(n, begin + batch_size));
  return batches;
}

Batches CutByTokens(const Examples& examples, const std::vector<int64_t>& order, int64_t budget,
                    bool padded) {
  Batches batches;
  int64_t longest = 0, tokens = 0;  // of the last batch
  for (const int64_t item : order) {
    const int64_t length = examples.length(item);
    const auto count = batches.empty() ? 0 : static_cast<int64_t>(batches.back().size());
    const int64_t with = padded ? std::max(longest, length) * (count + 1) : tokens + length;
    if (batches.empty() || with > budget) {
      batches.emplace_back();
      longest = tokens = 0;
    }
    batches.back().push_back(item);
    longest = std::max(longest, length);
    tokens += length;
  }
  return batches;
}

}  // namespace

Batches EpochBatches(const Examples& examples, const OrderSettings& s, int64_t epoch) {
  std::vector<int64_t> order(static_cast<size_t>(examples.size()));
  std::iota(order.begin(), order.end(), 0);
  Rng rng(s.seed, "order/" + std::to_string(epoch));
  rng.Shuffle(order);
  const bool bucketed = s.batching == Batching::kBucketed, by_tokens = s.batch_tokens > 0;
  if (bucketed) {
    SortWindows(examples, kBucketBatches * s.batch_size, kBucketBatches * s.batch_tokens, order);
  }
  Batches batches =
      by_tokens ? CutByTokens(examples, order, s.batch_tokens, s.batching == Batching::kPadded)
                : CutByItems(order, s.batch_size);
  if (bucketed && !batches.empty()) {
    std::vector<int64_t> last;
    if (by_tokens || static_cast<int64_t>(batches.back().size()) < s.batch_size) {
      last = std::move(batches.back());
      batches.pop_back();
    }
    rng.Shuffle(batches);
    if (!last.empty()) batches.push_back(std::move(last));
  }
  return batches;
}

std::vector<int64_t> PartOfBatch(const Examples& examples, const std::vector<int64_t>& batch,
                                 int rank, int size) {
  if (size == 1) return batch;
  int64_t all = 0, before = 0;
  for (const int64_t item : batch) all += examples.length(item);
  std::vector<int64_t> part;
  for (const int64_t item : batch) {
    // The rank in whose share of the tokens the item's middle lies.
    const int64_t length = examples.length(item);
    if ((2 * before + length) * size / (2 * all) == rank) part.push_back(item);
    before += length;
  }
  return part;
}

}  // namespace eida::engine
