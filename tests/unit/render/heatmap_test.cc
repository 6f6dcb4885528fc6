#include "common/render/heatmap.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>

#include "common/base/fs.h"
#include "common/render/matrix_file.h"
#include "gtest/gtest.h"
#include "tests/unit/render/samples.h"

namespace eida::render {
namespace {

// With EIDA_PICTURES=DIR the tests leave what they draw there, to be looked at.
void Keep(const std::string& name, const std::string& bytes) {
  if (const char* dir = std::getenv("EIDA_PICTURES")) {
    ASSERT_TRUE(WriteFileAtomic(JoinPath(dir, name), bytes).ok());
  }
}

TEST(HeatMapTest, DrawsInEveryFormat) {
  const HeatMap map = SampleMap(4, 3);
  for (auto [format, magic, name] : {std::tuple{ImageFormat::kPng, "\x89PNG", "cka12.png"},
                                     {ImageFormat::kSvg, "<?xml", "cka12.svg"},
                                     {ImageFormat::kPdf, "%PDF", "cka12.pdf"}}) {
    const Result<std::string> bytes = Draw(map, format);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(bytes->rfind(magic, 0), 0u);
    EXPECT_GT(bytes->size(), 3000u);
    Keep(name, *bytes);
  }
  Keep("gap12.png", *Draw(SampleMap(4, 3, "convexity_gap"), ImageFormat::kPng));
  Keep("cka105.png", *Draw(SampleMap(7, 15), ImageFormat::kPng));
  HeatMap lower = SampleMap(3, 2, "barrier");
  lower.triangle = Triangle::kLower;
  lower.values[3][1] = std::numeric_limits<double>::quiet_NaN();
  Keep("lower.png", *Draw(lower, ImageFormat::kPng));
}

TEST(HeatMapTest, TheSameMapGivesTheSameBytesWhateverWasDrawnBefore) {
  const HeatMap map = SampleMap(2, 2);
  for (ImageFormat format : {ImageFormat::kPng, ImageFormat::kSvg, ImageFormat::kPdf}) {
    const std::string first = *Draw(map, format);
    ASSERT_TRUE(Draw(SampleMap(3, 3), format).ok());
    EXPECT_EQ(*Draw(map, format), first);
  }
}

TEST(HeatMapTest, AnotherValueGivesAnotherPicture) {
  HeatMap map = SampleMap(2, 2);
  const std::string before = *Draw(map, ImageFormat::kSvg);
  map.values[0][1] = 0.2;
  EXPECT_NE(*Draw(map, ImageFormat::kSvg), before);
}

TEST(HeatMapTest, RefusesWhatIsNotSquare) {
  HeatMap map = SampleMap(2, 2);
  map.values[1].pop_back();
  EXPECT_EQ(Draw(map, ImageFormat::kPng).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Draw(HeatMap{}, ImageFormat::kPng).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HeatMapTest, EqualNeighboursFormABlock) {
  const std::vector<Block> blocks = Blocks({"a", "a", "b", "a"});
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_EQ(blocks[0].end, 2u);
  EXPECT_EQ(blocks[2].name, "a");
}

TEST(HeatMapTest, CellTextHasTwoSignificantDigits) {
  EXPECT_EQ(CellText(0.8731), "0.87");
  EXPECT_EQ(CellText(1), "1");
  EXPECT_EQ(CellText(0.00123), "0.0012");
  EXPECT_EQ(CellText(3e-7), "~0");
  EXPECT_EQ(CellText(0), "0");
}

TEST(MatrixFileTest, CsvCarriesLabelsAndLeavesMissingPairsEmpty) {
  EXPECT_EQ(MatrixToCsv({"a", "b,c"}, {{1, 0.1}, {NAN, 2}}), ",a,\"b,c\"\na,1,0.1\n\"b,c\",,2\n");
}

TEST(MatrixFileTest, NpyHeaderIsAlignedAndDataFollows) {
  const std::string npy = MatrixToNpy({{1.5, 2}, {3, 4}});
  const size_t header =
      static_cast<unsigned char>(npy[8]) + 256u * static_cast<unsigned char>(npy[9]);
  EXPECT_EQ((10 + header) % 64, 0u);
  EXPECT_EQ(npy.size(), 10 + header + 4 * sizeof(double));
  double first = 0;
  std::memcpy(&first, npy.data() + 10 + header, sizeof first);
  EXPECT_EQ(first, 1.5);
  EXPECT_NE(npy.find("'shape': (2, 2)"), std::string::npos);
}

}  // namespace
}  // namespace eida::render
