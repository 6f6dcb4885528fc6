#include "worker/engine/nn/cached.h"

#include <torch/torch.h>

#include <algorithm>

#include "worker/engine/nn/functional.h"
#include "worker/engine/nn/fused.h"

namespace eida::engine {

int32_t CachedRows::longest() const {
  int32_t most = 0;
  for (size_t r = 0; r < first.size(); ++r) most = std::max(most, last[r] - first[r]);
  return most + static_cast<int32_t>(steps);
}

namespace nn {
namespace {

// The definition: each row's keys and values copied together.
at::Tensor GatheredAttention(const at::Tensor& q, const KeyValues& kept, const CachedRows& rows,
                             int64_t heads) {
  std::vector<at::Tensor> keys = {kept.prompt_keys}, values = {kept.prompt_values};
  std::vector<int64_t> begins;  // of each step's slab
  int64_t total = kept.prompt_keys.size(0);
  for (int64_t t = 0; t < rows.steps; ++t) {
    keys.push_back(kept.keys[t]);
    values.push_back(kept.values[t]);
    begins.push_back(total);
    total += kept.keys[t].size(0);
  }
  std::vector<int64_t> which;
  AttentionRows seen{{0}, {0}, false};
  for (int64_t r = 0; r < rows.rows(); ++r) {
    for (int32_t p = rows.first[r]; p < rows.last[r]; ++p) which.push_back(p);
    for (int64_t t = 0; t < rows.steps; ++t)
      which.push_back(begins[t] + rows.path[r * rows.steps + t]);
    seen.q.push_back(static_cast<int32_t>(r + 1));
    seen.k.push_back(static_cast<int32_t>(which.size()));
  }
  const at::Tensor at = torch::tensor(which, at::kLong).to(q.device());
  return Attention(q, at::cat(keys).index_select(0, at), at::cat(values).index_select(0, at), seen,
                   heads, {});
}

}  // namespace

at::Tensor CachedAttention(const at::Tensor& query, const KeyValues& kept, const CachedRows& rows,
                           int64_t heads) {
  if (!HasKernels(query)) return GatheredAttention(query, kept, rows, heads);
  return fused::CachedAttention(query, kept, rows, heads);
}

}  // namespace nn
}  // namespace eida::engine
