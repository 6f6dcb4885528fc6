#include "common/render/color.h"

#include <cmath>

#include "common/render/scale.h"
#include "gtest/gtest.h"

namespace eida::render {
namespace {

TEST(ColorTest, MapsBeginAndEndAtTheirPublishedColours) {
  const Rgb low = Sample(ColorMap::kMagma, 0), high = Sample(ColorMap::kViridis, 1);
  EXPECT_NEAR(low.b, 4 / 255.0, 0.01);
  EXPECT_NEAR(high.r, 0xfd / 255.0, 0.01);
  EXPECT_NEAR(high.b, 0x25 / 255.0, 0.01);
}

TEST(ColorTest, SequentialMapsGrowLighterAllTheWay) {
  for (ColorMap map : {ColorMap::kViridis, ColorMap::kMagma}) {
    double before = -1;
    for (int i = 0; i <= 100; ++i) {
      const double now = Luminance(Sample(map, i / 100.0));
      EXPECT_GE(now, before - 1e-6) << i;
      before = now;
    }
  }
}

TEST(ColorTest, Nearest256KeepsGreyGreyAndCornersExact) {
  EXPECT_EQ(Nearest256({0, 0, 0}), 16);
  EXPECT_EQ(Nearest256({1, 1, 1}), 231);
  EXPECT_EQ(Nearest256({1, 0, 0}), 196);
  EXPECT_GE(Nearest256({0.5, 0.5, 0.5}), 232);
}

TEST(ScaleTest, DivergingMapIsSymmetricAroundItsCentre) {
  const ColorScale scale{ColorMap::kDiverging, -0.01, 0.04, 0.0};
  EXPECT_DOUBLE_EQ(scale.Position(0), 0.5);
  EXPECT_DOUBLE_EQ(scale.Position(0.04), 1);
  EXPECT_DOUBLE_EQ(scale.Position(-0.04), 0);
}

TEST(ScaleTest, RulesOfTheMeasures) {
  const std::vector<std::vector<double>> values = {{0, 0.3}, {NAN, 0.7}};
  EXPECT_EQ(ScaleFor("cka", values).map, ColorMap::kMagma);
  EXPECT_EQ(ScaleFor("cka", values).vmax, 1);
  EXPECT_TRUE(ScaleFor("convexity_gap", values).center.has_value());
  EXPECT_EQ(ScaleFor("barrier", values).map, ColorMap::kViridis);
  EXPECT_EQ(ScaleFor("barrier", values).vmax, 0.7);
  EXPECT_GT(ScaleFor("barrier", {{0, 0}, {0, 0}}).vmax, 0);
}

TEST(TicksTest, AreMultiplesOfOneTwoOrFive) {
  EXPECT_EQ(Ticks(0, 1, 5), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  const std::vector<double> ticks = Ticks(0.412, 0.538, 6);
  EXPECT_GE(ticks.size(), 2u);
  EXPECT_LE(ticks.size(), 8u);
  EXPECT_GE(ticks.front(), 0.412);
  EXPECT_LE(ticks.back(), 0.538 + 1e-9);
  EXPECT_EQ(TickText(0.45, 0.05), "0.45");
  EXPECT_EQ(TickText(0, 0.05), "0");
  EXPECT_EQ(TickText(60, 10), "60");
}

TEST(TicksTest, LogTicksStayInside) {
  for (double tick : LogTicks(0.03, 40)) {
    EXPECT_GE(tick, 0.03 * (1 - 1e-9));
    EXPECT_LE(tick, 40 * (1 + 1e-9));
  }
  EXPECT_GE(LogTicks(0.03, 40).size(), 3u);
}

}  // namespace
}  // namespace eida::render
