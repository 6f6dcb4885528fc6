#include "worker/engine/train/order.h"

#include <algorithm>
#include <numeric>

#include "common/base/rng.h"

namespace eida::engine {

std::vector<std::vector<int64_t>> EpochBatches(const Examples& examples, uint64_t seed,
                                               int64_t epoch, int64_t batch_size, bool bucketed) {
  const int64_t n = examples.size();
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  Rng rng(seed, "order/" + std::to_string(epoch));
  rng.Shuffle(order);
  if (bucketed) {
    for (int64_t begin = 0; begin < n; begin += kBucketBatches * batch_size) {
      const int64_t end = std::min(n, begin + kBucketBatches * batch_size);
      std::stable_sort(order.begin() + begin, order.begin() + end, [&](int64_t a, int64_t b) {
        return examples.length(a) < examples.length(b);
      });
    }
  }
  std::vector<std::vector<int64_t>> batches;
  for (int64_t begin = 0; begin < n; begin += batch_size) {
    batches.emplace_back(order.begin() + begin, order.begin() + std::min(n, begin + batch_size));
  }
  if (bucketed && !batches.empty()) {
    std::vector<int64_t> last;
    if (static_cast<int64_t>(batches.back().size()) < batch_size) {
      last = std::move(batches.back());
      batches.pop_back();
    }
    rng.Shuffle(batches);
    if (!last.empty()) batches.push_back(std::move(last));
  }
  return batches;
}

}  // namespace eida::engine
