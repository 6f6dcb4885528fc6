#include "worker/analysis/gap.h"

#include <algorithm>
#include <cassert>

namespace eida::analysis {
namespace {

// The value at alphas[k] of the straight line through points i and j.
double Chord(const std::vector<double>& alphas, const std::vector<double>& losses, size_t i,
             size_t j, size_t k) {
  const double t = (alphas[k] - alphas[i]) / (alphas[j] - alphas[i]);
  return (1 - t) * losses[i] + t * losses[j];
}

}  // namespace

std::vector<double> LowerEnvelope(const std::vector<double>& alphas,
                                  const std::vector<double>& losses) {
  assert(alphas.size() == losses.size());
  std::vector<size_t> hull;
  for (size_t k = 0; k < alphas.size(); ++k) {
    while (hull.size() >= 2) {
      const size_t i = hull[hull.size() - 2], j = hull.back();
      const double turn = (alphas[j] - alphas[i]) * (losses[k] - losses[i]) -
                          (losses[j] - losses[i]) * (alphas[k] - alphas[i]);
      if (turn > 0) break;  // j lies below the line from i to k
      hull.pop_back();
    }
    hull.push_back(k);
  }
  std::vector<double> envelope(losses);
  for (size_t h = 1; h < hull.size(); ++h) {
    for (size_t k = hull[h - 1] + 1; k < hull[h]; ++k)
      envelope[k] = Chord(alphas, losses, hull[h - 1], hull[h], k);
  }
  return envelope;
}

Gap MeasureGap(const std::vector<double>& alphas, const std::vector<double>& losses,
               const std::vector<double>& errors) {
  assert(alphas.size() >= 2);
  Gap gap;
  gap.envelope = LowerEnvelope(alphas, losses);
  const size_t last = losses.size() - 1;
  for (size_t k = 1; k < last; ++k) {
    gap.convexity_gap = std::max(gap.convexity_gap, losses[k] - gap.envelope[k]);
    gap.barrier = std::max(gap.barrier, losses[k] - Chord(alphas, losses, 0, last, k));
  }
  const double end = std::max(losses.front(), losses.back());
  gap.relative_gap = end > 0 ? gap.convexity_gap / end : 0;
  if (!errors.empty()) {
    gap.error_barrier =
        *std::max_element(errors.begin(), errors.end()) - (errors.front() + errors.back()) / 2;
  }
  return gap;
}

}  // namespace eida::analysis
