#include "worker/analysis/intervals.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "common/base/rng.h"
#include "gtest/gtest.h"

namespace eida::analysis {
namespace {

constexpr int64_t kItems = 400;

// A path of three points whose middle lies `height` above the chord on average; the difference of
// each item has a standard deviation of `noise`.
ItemLosses Bump(double height, double noise) {
  torch::manual_seed(3);
  const at::Tensor a = torch::rand({kItems}) + 1, b = torch::rand({kItems}) + 1;
  const at::Tensor middle = (a + b) / 2 + height + noise * torch::randn({kItems});
  return {torch::stack({b, middle, a}), {}, {}};
}

TEST(BootstrapTest, AgreesWithTheNormalApproximationWhereThatHolds) {
  const ItemLosses items = Bump(0.5, 0.4);
  const Intervals found = Bootstrap(items, {0, 0.5, 1}, 0.95, 4000);
  // Of one bump the barrier is the mean of the items' own differences from the chord.
  const at::Tensor d = (items.loss[1] - (items.loss[0] + items.loss[2]) / 2).to(torch::kDouble);
  const double mean = d.mean().item<double>();
  const double error = d.std().item<double>() / std::sqrt(static_cast<double>(kItems));
  for (const Interval& interval : {found.barrier, found.convexity_gap}) {
    EXPECT_NEAR(interval.low, mean - 1.96 * error, 0.1 * error);
    EXPECT_NEAR(interval.high, mean + 1.96 * error, 0.1 * error);
  }
  EXPECT_LT(Bootstrap(items, {0, 0.5, 1}, 0.5).barrier.high, found.barrier.high);
}

TEST(BootstrapTest, PairsItemsAcrossTheAlphas) {
  // What an item adds everywhere cancels, however large it is.
  ItemLosses items = Bump(0.5, 0);
  torch::manual_seed(4);
  items.loss = items.loss + 100 * torch::randn({1, kItems}).abs();
  const Intervals found = Bootstrap(items, {0, 0.5, 1});
  EXPECT_NEAR(found.barrier.low, 0.5, 1e-4);
  EXPECT_NEAR(found.barrier.high, 0.5, 1e-4);
}

TEST(BootstrapTest, IsTheSameEveryTimeAndTheDirectComputation) {
  const ItemLosses items = Bump(0.1, 0.5);
  const Intervals found = Bootstrap(items, {0, 0.5, 1}, 0.8, 11);
  EXPECT_EQ(ToJson(Bootstrap(items, {0, 0.5, 1}, 0.8, 11)), ToJson(found));
  Rng rng(0, "bootstrap");
  std::vector<double> gaps;
  for (int draw = 0; draw < 11; ++draw) {
    std::vector<double> sums(3, 0);
    for (int64_t i = 0; i < kItems; ++i) {
      const auto item = static_cast<int64_t>(rng.Below(kItems));
      for (int k = 0; k < 3; ++k) sums[k] += items.loss[k][item].item<double>() / kItems;
    }
    gaps.push_back(MeasureGap({0, 0.5, 1}, sums, {}).convexity_gap);
  }
  std::sort(gaps.begin(), gaps.end());
  EXPECT_NEAR(found.convexity_gap.low, gaps[1], 1e-9);
  EXPECT_NEAR(found.convexity_gap.high, gaps[9], 1e-9);
}

TEST(BootstrapTest, CountsWeighTheItemsOfALanguageModel) {
  // The loss is that of the items with many labels; a resample keeps their weight.
  ItemLosses items;
  items.loss = torch::zeros({3, 100});
  items.loss[1].narrow(0, 0, 50) = 1;
  items.count = torch::ones({100});
  items.count.narrow(0, 0, 50) = 999;
  const Intervals found = Bootstrap(items, {0, 0.5, 1});
  EXPECT_GT(found.barrier.low, 0.99);
  EXPECT_LE(found.barrier.high, 1.0);
  EXPECT_FALSE(found.error_barrier.has_value());
}

TEST(BootstrapTest, ErrorRatesHaveAnIntervalToo) {
  ItemLosses items = Bump(0.1, 0.1);
  items.wrong = torch::zeros({3, kItems});
  items.wrong[1].narrow(0, 0, kItems / 4) = 1;
  const Intervals found = Bootstrap(items, {0, 0.5, 1});
  ASSERT_TRUE(found.error_barrier.has_value());
  EXPECT_NEAR(found.error_barrier->low, 0.25 - 1.96 * std::sqrt(0.1875 / kItems), 0.006);
  EXPECT_NEAR(found.error_barrier->high, 0.25 + 1.96 * std::sqrt(0.1875 / kItems), 0.006);
  const auto back = IntervalsOf(ToJson(found));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(ToJson(*back), ToJson(found));
  EXPECT_FALSE(IntervalsOf(nullptr).has_value());
}

}  // namespace
}  // namespace eida::analysis
