// How far a loss curve between two models rises above convexity. Plain numbers: no torch, no files.
#pragma once

#include <optional>
#include <vector>

namespace eida::analysis {

// The greatest convex function under the points (alphas[k], losses[k]), at the same alphas. One
// monotone chain, O(K). REQUIRES: equal sizes, alphas strictly increasing, every loss finite.
std::vector<double> LowerEnvelope(const std::vector<double>& alphas,
                                  const std::vector<double>& losses);

struct Gap {
  std::vector<double> envelope;
  double convexity_gap =
      0;  // max of loss - envelope: the highest barrier of any stretch of the path; never negative
  double barrier = 0;  // max of loss - chord between the two ends (0 at the ends); <= convexity_gap
  // max of error - mean error of the ends (Frankle); not a test of convexity. None without errors.
  std::optional<double> error_barrier;
  double relative_gap = 0;  // convexity_gap / the larger end loss; 0 when both ends are 0
};

// `errors` are error rates (1 - accuracy) at the same alphas; empty: there is no accuracy.
// REQUIRES: as LowerEnvelope, and at least two points.
Gap MeasureGap(const std::vector<double>& alphas, const std::vector<double>& losses,
               const std::vector<double>& errors);

}  // namespace eida::analysis
