#include "worker/analysis/gap.h"

#include <algorithm>
#include <vector>

#include "common/base/rng.h"
#include "gtest/gtest.h"

namespace eida::analysis {
namespace {

// The definition: the highest barrier over every stretch i..j and every point k inside it, never
// below 0. O(K^3).
double BruteForceGap(const std::vector<double>& alphas, const std::vector<double>& losses) {
  double gap = 0;
  for (size_t i = 0; i < alphas.size(); ++i) {
    for (size_t j = i + 2; j < alphas.size(); ++j) {
      for (size_t k = i + 1; k < j; ++k) {
        const double t = (alphas[k] - alphas[i]) / (alphas[j] - alphas[i]);
        gap = std::max(gap, losses[k] - ((1 - t) * losses[i] + t * losses[j]));
      }
    }
  }
  return gap;
}

struct RandomCurve {
  std::vector<double> alphas, losses;
};

RandomCurve DrawCurve(Rng& rng) {
  RandomCurve curve;
  const size_t points = 2 + rng.Below(25);  // 2..26
  const bool even = rng.Below(2) == 0;
  const double scale = rng.Below(3) == 0 ? 1000 : 1;
  double alpha = 0;
  for (size_t k = 0; k < points; ++k) {
    curve.alphas.push_back(even ? static_cast<double>(k) / static_cast<double>(points - 1) : alpha);
    curve.losses.push_back(rng.Below(8) == 0 && k > 0 ? curve.losses.back() : scale * rng.Unit());
    alpha += 0.01 + rng.Unit();
  }
  return curve;
}

TEST(GapTest, EqualsTheScanOverAllStretchesOnTenThousandRandomCurves) {
  Rng rng(20260823);
  double largest = 0;
  for (int i = 0; i < 10'000; ++i) {
    const RandomCurve curve = DrawCurve(rng);
    const Gap gap = MeasureGap(curve.alphas, curve.losses, {});
    const double top = *std::max_element(curve.losses.begin(), curve.losses.end());
    ASSERT_NEAR(gap.convexity_gap, BruteForceGap(curve.alphas, curve.losses),
                1e-12 * std::max(1.0, top))
        << "curve " << i;
    ASSERT_GE(gap.convexity_gap, gap.barrier - 1e-12 * top);
    ASSERT_GE(gap.barrier, 0);
    largest = std::max(largest, gap.convexity_gap);
  }
  EXPECT_GT(largest, 100) << "the curves should not be trivial";
}

TEST(GapTest, ReversingThePathChangesNothing) {
  Rng rng(7);
  for (int i = 0; i < 1'000; ++i) {
    const RandomCurve curve = DrawCurve(rng);
    RandomCurve back;
    for (size_t k = curve.alphas.size(); k-- > 0;) {
      back.alphas.push_back(curve.alphas.back() - curve.alphas[k]);
      back.losses.push_back(curve.losses[k]);
    }
    const Gap a = MeasureGap(curve.alphas, curve.losses, {}),
              b = MeasureGap(back.alphas, back.losses, {});
    ASSERT_NEAR(a.convexity_gap, b.convexity_gap, 1e-9);
    ASSERT_NEAR(a.barrier, b.barrier, 1e-9);
    ASSERT_DOUBLE_EQ(a.relative_gap * std::max(curve.losses.front(), curve.losses.back()),
                     a.convexity_gap);
  }
}

TEST(GapTest, AConvexCurveHasNoGap) {
  std::vector<double> alphas, losses;
  for (int k = 0; k <= 25; ++k) {
    alphas.push_back(k / 25.0);
    losses.push_back(0.3 + (alphas.back() - 0.4) * (alphas.back() - 0.4));
  }
  const Gap gap = MeasureGap(alphas, losses, {});
  EXPECT_LT(gap.convexity_gap, 1e-15);
  EXPECT_EQ(gap.barrier, 0);
  EXPECT_EQ(gap.envelope, losses);
}

TEST(GapTest, FindsABumpThatLiesUnderTheChord) {
  const std::vector<double> alphas = {0, 0.25, 0.5, 0.75, 1};
  const std::vector<double> losses = {4, 0, 1, 0, 4};
  const Gap gap = MeasureGap(alphas, losses, {0.5, 0.1, 0.75, 0.1, 0.3});
  EXPECT_DOUBLE_EQ(gap.convexity_gap, 1);
  EXPECT_DOUBLE_EQ(gap.barrier, 0);
  EXPECT_DOUBLE_EQ(gap.relative_gap, 0.25);
  EXPECT_DOUBLE_EQ(gap.error_barrier.value(), 0.75 - 0.4);
  EXPECT_FALSE(MeasureGap(alphas, losses, {}).error_barrier.has_value());
  EXPECT_EQ(gap.envelope, (std::vector<double>{4, 0, 0, 0, 4}));
}

TEST(GapTest, ANestedFinerGridNeverLowersTheGap) {
  Rng rng(3);
  for (int i = 0; i < 500; ++i) {
    std::vector<double> alphas, losses, coarse_alphas, coarse_losses;
    for (int k = 0; k <= 20; ++k) {
      alphas.push_back(k / 20.0);
      losses.push_back(rng.Unit());
      if (k % 2 == 0)
        coarse_alphas.push_back(alphas.back()), coarse_losses.push_back(losses.back());
    }
    ASSERT_GE(MeasureGap(alphas, losses, {}).convexity_gap + 1e-12,
              MeasureGap(coarse_alphas, coarse_losses, {}).convexity_gap);
  }
}

}  // namespace
}  // namespace eida::analysis
