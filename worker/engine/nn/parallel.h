// Loops over rows on this runner's threads.
#pragma once

#include <cstdint>
#include <functional>

namespace eida::engine {

// Calls body(begin, end, part) for disjoint ranges that cover [0, n), at most one a thread, at
// least `grain` long (but the last); `part` numbers them from 0. How n is cut depends only on n,
// grain and the number of threads.
void ForRows(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t, int)>& body);
// Into how many ranges ForRows cuts.
int PartsFor(int64_t n, int64_t grain);

}  // namespace eida::engine
