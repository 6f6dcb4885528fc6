#include "common/render/plot.h"

#include <cstdlib>

#include "common/base/fs.h"
#include "gtest/gtest.h"
#include "tests/unit/render/samples.h"

namespace eida::render {
namespace {

void Keep(const std::string& name, const std::string& bytes) {
  if (const char* dir = std::getenv("EIDA_PICTURES")) {
    ASSERT_TRUE(WriteFileAtomic(JoinPath(dir, name), bytes).ok());
  }
}

TEST(PlotTest, DrawsPathsCurvesAndSoups) {
  for (const auto& [name, plot] : {std::pair{"path.png", SamplePath()},
                                   {"curves.png", SampleCurves()},
                                   {"soup.png", SampleSoup()}}) {
    const Result<std::string> png = Draw(plot, ImageFormat::kPng);
    ASSERT_TRUE(png.ok()) << png.status();
    EXPECT_EQ(png->rfind("\x89PNG", 0), 0u);
    Keep(name, *png);
  }
}

TEST(PlotTest, TheSamePlotGivesTheSameBytes) {
  EXPECT_EQ(*Draw(SamplePath(), ImageFormat::kSvg), *Draw(SamplePath(), ImageFormat::kSvg));
}

TEST(PlotTest, ExtentCoversBandsAndReferences) {
  LinePlot plot = SampleSoup();
  plot.references.push_back({"far", 2.0});
  EXPECT_GT(ExtentOf(plot).y1, 2.0);
  EXPECT_LT(ExtentOf(SampleCurves()).y0, 0.28);
}

TEST(PlotTest, NothingToPlotAndBadLogAxesAreErrors) {
  EXPECT_EQ(Draw(LinePlot{}, ImageFormat::kPng).status().code(),
            absl::StatusCode::kInvalidArgument);
  LinePlot plot = SamplePath();
  plot.series[0].y[3] = -1;
  plot.log_y = true;
  EXPECT_EQ(Draw(plot, ImageFormat::kPng).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PlotTest, ASinglePointStillHasAxes) {
  LinePlot plot;
  plot.series = {{"one", {3}, {0.5}}};
  plot.series[0].mark = Mark::kDisc;
  EXPECT_TRUE(Draw(plot, ImageFormat::kSvg).ok());
}

}  // namespace
}  // namespace eida::render
