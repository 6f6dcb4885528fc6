#include "common/render/linkage.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace eida::render {
namespace {

// Sum and number of the known distances between the items of two clusters.
struct Between {
  double sum = 0;
  size_t count = 0;
  double mean() const {
    return count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::infinity();
  }
};

void AddLeaves(const Linkage& linkage, size_t items, size_t cluster, std::vector<size_t>* leaves) {
  std::vector<size_t> open{cluster};
  while (!open.empty()) {
    const size_t next = open.back();
    open.pop_back();
    if (next < items) {
      leaves->push_back(next);
      continue;
    }
    open.push_back(linkage.merges[next - items].right);
    open.push_back(linkage.merges[next - items].left);
  }
}

}  // namespace

Linkage AverageLinkage(const std::vector<std::vector<double>>& distances) {
  const size_t n = distances.size();
  Linkage linkage;
  if (n == 0) return linkage;
  std::vector<std::vector<Between>> between(n, std::vector<Between>(n));
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      if (i != j && std::isfinite(distances[i][j])) between[i][j] = {distances[i][j], 1};
    }
  }
  // Row r of `between` is cluster ids[r]; a merge keeps the lower row and closes the other.
  std::vector<size_t> ids(n), sizes(n, 1);
  for (size_t i = 0; i < n; ++i) ids[i] = i;
  std::vector<size_t> rows = ids;
  double highest = 0;
  for (size_t made = n; rows.size() > 1; ++made) {
    size_t a = rows[0], b = rows[1];
    for (size_t x = 0; x < rows.size(); ++x) {
      for (size_t y = x + 1; y < rows.size(); ++y) {
        if (between[rows[x]][rows[y]].mean() < between[a][b].mean()) a = rows[x], b = rows[y];
      }
    }
    const double mean = between[a][b].mean();
    if (std::isfinite(mean)) highest = std::max(highest, mean);
    sizes[a] += sizes[b];
    linkage.merges.push_back({std::min(ids[a], ids[b]), std::max(ids[a], ids[b]),
                              std::isfinite(mean) ? mean : highest, sizes[a]});
    ids[a] = made;
    for (size_t k : rows) {
      between[a][k].sum += between[b][k].sum;
      between[a][k].count += between[b][k].count;
      between[k][a] = between[a][k];
    }
    rows.erase(std::find(rows.begin(), rows.end(), b));
  }
  AddLeaves(linkage, n, 2 * n - 2, &linkage.leaves);
  return linkage;
}

}  // namespace eida::render
