// The learning rates of transformers' get_scheduler (5.23), written down from it.
#include "worker/engine/train/schedule.h"

#include <gtest/gtest.h>

namespace eida::engine {
namespace {

void ExpectRates(const ScheduleSettings& schedule, double lr, int64_t updates,
                 const std::vector<double>& expected) {
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(LearningRate(schedule, lr, updates, static_cast<int64_t>(i)), expected[i], 1e-15)
        << i;
}

ScheduleSettings ScheduleOf(ScheduleName name, int64_t warmup) {
  ScheduleSettings s;
  s.name = name;
  s.warmup_steps = warmup;
  return s;
}

TEST(ScheduleTest, LinearWithWarmUp) {
  ExpectRates(ScheduleOf(ScheduleName::kLinear, 4), 1, 10,
              {0, 0.25, 0.5, 0.75, 1, 5.0 / 6, 4.0 / 6, 3.0 / 6, 2.0 / 6, 1.0 / 6, 0, 0});
}

TEST(ScheduleTest, ConstantAfterItsWarmUp) {
  ExpectRates(ScheduleOf(ScheduleName::kConstant, 2), 1, 10, {0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1});
}

TEST(ScheduleTest, PolynomialOfEveryPower) {
  ScheduleSettings s = ScheduleOf(ScheduleName::kPolynomial, 3);
  ExpectRates(s, 0.5, 10,
              {0.0, 0.16666666666666666, 0.3333333333333333, 0.5, 0.4285714428571429,
               0.3571428857142857, 0.28571432857142853, 0.21428577142857144, 0.14285721428571427,
               0.07142865714285716, 1e-07, 1e-07});
  s = ScheduleOf(ScheduleName::kPolynomial, 2);
  s.power = 2;
  s.lr_end = 0.1;
  ExpectRates(s, 0.5, 9,
              {0.0, 0.25, 0.5, 0.3938775510204082, 0.3040816326530612, 0.23061224489795917,
               0.17346938775510207, 0.1326530612244898, 0.10816326530612246, 0.1, 0.1});
}

TEST(ScheduleTest, CosineOfAnyNumberOfCycles) {
  ExpectRates(
      ScheduleOf(ScheduleName::kCosine, 3), 0.5, 10,
      {0.0, 0.16666666666666666, 0.3333333333333333, 0.5, 0.47524221697560476, 0.4058724504646834,
       0.3056302334890786, 0.19436976651092142, 0.09412754953531663, 0.02475778302439524});
  ScheduleSettings s = ScheduleOf(ScheduleName::kCosine, 0);
  s.cycles = 1.5;
  ExpectRates(s, 2.0, 10,
              {2.0, 1.5877852522924731, 0.6909830056250527, 0.04894348370484647,
               0.19098300562505244, 0.9999999999999998, 1.8090169943749475, 1.9510565162951536,
               1.3090169943749477, 0.4122147477075271});
}

TEST(ScheduleTest, ARatioOfWarmUpIsRoundedUp) {
  ScheduleSettings s;
  s.warmup_ratio = 0.06;
  EXPECT_EQ(WarmupSteps(s, 64), 4);  // 3.84
  EXPECT_EQ(LearningRate(s, 1, 64, 3), 0.75);
  s.warmup_steps = 0;  // steps win
  EXPECT_EQ(LearningRate(s, 1, 64, 0), 1);
}

TEST(ScheduleTest, AWarmUpLongerThanTheRunOnlyRises) {
  for (const ScheduleName name : {ScheduleName::kLinear, ScheduleName::kPolynomial,
                                  ScheduleName::kCosine, ScheduleName::kConstant}) {
    EXPECT_EQ(LearningRate(ScheduleOf(name, 20), 1, 10, 9), 0.45);
    EXPECT_EQ(LearningRate(ScheduleOf(name, 10), 1, 10, 10) > 0.9, name != ScheduleName::kLinear);
  }
}

}  // namespace
}  // namespace eida::engine
