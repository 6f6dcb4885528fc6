#include "worker/engine/train/scaler.h"

#include <gtest/gtest.h>

#include "worker/engine/train/early_stop.h"

namespace eida::engine {
namespace {

// torch.amp.GradScaler(growth_interval=3): its scale after each of these steps.
TEST(LossScalerTest, GrowsAndBacksOffAsTorchDoes) {
  struct Seen {
    bool finite;
    double scale;
  };
  LossScaler scaler({}, 3);
  EXPECT_EQ(scaler.scale(), 65536);
  for (const Seen& seen : std::vector<Seen>{{false, 32768},
                                            {false, 16384},
                                            {true, 16384},
                                            {true, 16384},
                                            {true, 32768},
                                            {true, 32768},
                                            {true, 32768},
                                            {false, 16384},
                                            {true, 16384},
                                            {true, 16384},
                                            {true, 32768},
                                            {true, 32768},
                                            {true, 32768},
                                            {true, 65536},
                                            {false, 32768}}) {
    scaler = LossScaler(scaler.state(), 3);  // as a resumed run would
    scaler.Update(seen.finite);
    EXPECT_EQ(scaler.scale(), seen.scale);
  }
}

TEST(LossScalerTest, GrowsAfterTwoThousandGoodStepsInARow) {
  LossScaler scaler;
  for (int i = 0; i < 1999; ++i) scaler.Update(true);
  EXPECT_EQ(scaler.scale(), 65536);
  scaler.Update(true);
  EXPECT_EQ(scaler.scale(), 131072);
}

TEST(LossScalerTest, GivesUpBelowItsFloorAndStaysWithinFp32) {
  LossScaler scaler;
  int64_t skipped = 0;
  for (; !scaler.exhausted(); ++skipped) scaler.Update(false);
  EXPECT_EQ(skipped, 30);  // 65536 / 2^30 = 6.1e-5
  LossScaler high({0x1p127, LossScaler::kGrowthInterval - 1});
  high.Update(true);
  EXPECT_EQ(high.scale(), 0x1p127);
  EXPECT_EQ(high.state().good_steps, 0);
}

// The evaluations at which transformers' EarlyStoppingCallback would stop.
int64_t StopsAt(EarlyStopSettings settings, const std::vector<double>& values) {
  EarlyStop stop(settings);
  for (size_t i = 0; i < values.size(); ++i) {
    if (stop.Saw(values[i], static_cast<double>(i + 1))) return static_cast<int64_t>(i) + 1;
  }
  return 0;
}

TEST(EarlyStopTest, WaitsForAsManyEvaluationsAsItsPatience) {
  const std::vector<double> losses = {1.0, 0.8, 0.9, 0.7, 0.75, 0.72, 0.71, 0.6};
  EXPECT_EQ(StopsAt({1, 0, 0, "loss", false}, losses), 3);
  EXPECT_EQ(StopsAt({2, 0, 0, "loss", false}, losses), 6);
  EXPECT_EQ(StopsAt({3, 0, 0, "loss", false}, losses), 7);
  EXPECT_EQ(StopsAt({4, 0, 0, "loss", false}, losses), 0);
}

TEST(EarlyStopTest, SmallGainsMoveTheBestButDoNotCount) {
  // Each gains 0.05 over the best before: never more than the threshold.
  const std::vector<double> accuracies = {0.50, 0.55, 0.60, 0.65, 0.70};
  EXPECT_EQ(StopsAt({3, 0.06, 0, "accuracy", true}, accuracies), 4);
  EXPECT_EQ(StopsAt({3, 0.04, 0, "accuracy", true}, accuracies), 0);
  EXPECT_EQ(StopsAt({2, 0, 0, "accuracy", true}, {0.5, 0.5, 0.5}), 3);  // a tie is no gain
}

TEST(EarlyStopTest, NeverBeforeItsMinimumOfEpochs) {
  EXPECT_EQ(StopsAt({1, 0, 4, "loss", false}, {1, 2, 3, 4, 5}), 4);
  EXPECT_EQ(StopsAt({1, 0, 4, "loss", false}, {1, 2, 3, 0.5, 5}), 5);
}

TEST(EarlyStopTest, NanNeverImproves) {
  EXPECT_EQ(StopsAt({2, 0, 0, "f1", true}, {NAN, NAN, 0.5}), 2);
  EXPECT_EQ(StopsAt({2, 0, 0, "f1", true}, {NAN, 0.5, NAN, 0.6}), 0);
}

TEST(EarlyStopTest, GoesOnFromItsState) {
  const EarlyStopSettings settings{2, 0, 0, "loss", false};
  EarlyStop first(settings);
  EXPECT_FALSE(first.Saw(1.0, 1));
  EXPECT_FALSE(first.Saw(1.5, 2));
  EarlyStop second(settings, first.state());
  EXPECT_TRUE(second.Saw(1.2, 3));
}

}  // namespace
}  // namespace eida::engine
