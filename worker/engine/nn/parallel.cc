// Compiled with OpenMP, which the precompiled torch header is not: only the thread count comes from
// torch.
#include "worker/engine/nn/parallel.h"

#include <ATen/Parallel.h>

#include <algorithm>

namespace eida::engine {

int PartsFor(int64_t n, int64_t grain) {
  const int64_t parts = (n + grain - 1) / std::max<int64_t>(1, grain);
  return static_cast<int>(std::clamp<int64_t>(parts, 1, at::get_num_threads()));
}

void ForRows(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t, int)>& body) {
  const int parts = PartsFor(n, grain);
  if (parts == 1) return body(0, n, 0);
#pragma omp parallel for num_threads(parts) schedule(static, 1)
  for (int part = 0; part < parts; ++part) body(n * part / parts, n * (part + 1) / parts, part);
}

}  // namespace eida::engine
