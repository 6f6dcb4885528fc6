#include "common/render/heatmap.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
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

// Alike in two groups whose items alternate.
HeatMap ClusteredMap() {
  HeatMap map = SampleMap(1, 8);
  std::vector<std::vector<double>> distances(8, std::vector<double>(8));
  for (size_t i = 0; i < 8; ++i) {
    for (size_t j = 0; j < 8; ++j) {
      const double gap = std::fabs(static_cast<double>(i) - static_cast<double>(j));
      distances[i][j] = (i % 2 == j % 2 ? 0.05 : 0.5) + 0.01 * gap;
    }
  }
  map.tree = AverageLinkage(distances);
  map.groups.assign(8, "");
  for (size_t i = 0; i < 8; ++i) {
    map.labels[i] = "lora-r8/seed" + std::to_string(map.tree->leaves[i]);
    for (size_t j = 0; j < 8; ++j)
      map.values[i][j] = i == j ? 1 : 1 - distances[map.tree->leaves[i]][map.tree->leaves[j]];
  }
  map.label_name.clear();
  return map;
}

TEST(HeatMapTest, ATreeStandsAboveItsColumns) {
  HeatMap map = ClusteredMap();
  Keep("cluster8.png", *Draw(map, ImageFormat::kPng));
  const std::string with = *Draw(map, ImageFormat::kSvg);
  map.tree.reset();
  EXPECT_GT(with.size(), Draw(map, ImageFormat::kSvg)->size() + 1000);
  map.tree = AverageLinkage({{0, 1}, {1, 0}});
  EXPECT_FALSE(Draw(map, ImageFormat::kSvg).ok());
}

TEST(HeatMapTest, CellsMayHaveNotes) {
  HeatMap map = SampleMap(2, 2, "convexity_gap");
  const std::string without = *Draw(map, ImageFormat::kSvg);
  for (const auto& row : map.values) {
    map.notes.emplace_back();
    for (double value : row)
      map.notes.back().push_back(value == 0 ? "" : CellText(value / 2) + "–" + CellText(value * 2));
  }
  Keep("notes.png", *Draw(map, ImageFormat::kPng));
  EXPECT_GT(Draw(map, ImageFormat::kSvg)->size(), without.size() + 1000);
  map.notes.back().pop_back();
  EXPECT_FALSE(Draw(map, ImageFormat::kSvg).ok());
}

TEST(HeatMapTest, RowsAndColumnsMayBeOtherItems) {
  HeatMap map = SampleMap(3, 3, "barrier");
  map.column_groups = {"full", "full", "eida", "eida", "eida"};
  map.column_labels = {"0", "1", "0", "1", "2"};
  for (auto& row : map.values) row.resize(5);
  map.values[4][2] = std::nan("");
  for (ImageFormat format : {ImageFormat::kPng, ImageFormat::kSvg, ImageFormat::kPdf})
    EXPECT_TRUE(Draw(map, format).ok());
  Keep("cross.png", *Draw(map, ImageFormat::kPng));
  map.triangle = Triangle::kLower;
  EXPECT_FALSE(Draw(map, ImageFormat::kPng).ok());
  map.triangle = Triangle::kFull;
  map.column_labels.pop_back();
  EXPECT_FALSE(Draw(map, ImageFormat::kPng).ok());
  map.column_labels = map.column_groups = {};
  EXPECT_FALSE(Draw(map, ImageFormat::kPng).ok());
}

TEST(HeatMapTest, TheSameMapGivesTheSameBytesWhateverWasDrawnBefore) {
  const HeatMap map = SampleMap(2, 2);
  for (ImageFormat format : {ImageFormat::kPng, ImageFormat::kSvg, ImageFormat::kPdf}) {
    const std::string first = *Draw(map, format);
    ASSERT_TRUE(Draw(SampleMap(3, 3), format).ok());
    EXPECT_EQ(*Draw(map, format), first);
  }
}

// How many pixels of a PNG have each colour (0xRRGGBB).
std::map<uint32_t, int> PixelsByColor(const std::string& png, int* width, int* height) {
  struct Source {
    const std::string& bytes;
    size_t at = 0;
  } source{png};
  const auto read = [](void* closure, unsigned char* data, unsigned int size) {
    Source& from = *static_cast<Source*>(closure);
    if (from.at + size > from.bytes.size()) return CAIRO_STATUS_READ_ERROR;
    std::memcpy(data, from.bytes.data() + from.at, size);
    from.at += size;
    return CAIRO_STATUS_SUCCESS;
  };
  cairo_surface_t* surface = cairo_image_surface_create_from_png_stream(read, &source);
  EXPECT_EQ(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
  *width = cairo_image_surface_get_width(surface);
  *height = cairo_image_surface_get_height(surface);
  std::map<uint32_t, int> counts;
  for (int y = 0; y < *height; ++y) {
    const unsigned char* row = cairo_image_surface_get_data(surface) +
                               static_cast<ptrdiff_t>(y) * cairo_image_surface_get_stride(surface);
    for (int x = 0; x < *width; ++x) {
      uint32_t pixel = 0;
      std::memcpy(&pixel, row + 4 * x, sizeof pixel);
      ++counts[pixel & 0xffffff];
    }
  }
  cairo_surface_destroy(surface);
  return counts;
}

// Pixels of a colour, but for the rounding of its channels.
int Pixels(const std::map<uint32_t, int>& counts, Rgb color) {
  int total = 0;
  for (const auto& [pixel, count] : counts) {
    const auto near = [pixel = pixel](int shift, double channel) {
      return std::fabs((pixel >> shift & 255) - channel * 255) <= 1;
    };
    if (near(16, color.r) && near(8, color.g) && near(0, color.b)) total += count;
  }
  return total;
}

TEST(HeatMapTest, EveryCellCoversItsShareOfThePixelsInItsColour) {
  HeatMap map = SampleMap(2, 2);
  map.annotate = Annotate::kOff;
  map.values = {
      {1.0, 0.2, 0.2, 0.2}, {0.2, 1.0, 0.6, 0.6}, {0.2, 0.6, 1.0, 0.6}, {0.2, 0.6, 0.6, 1.0}};
  int width = 0, height = 0;
  const auto counts = PixelsByColor(*Draw(map, ImageFormat::kPng), &width, &height);
  const double cell = Pixels(counts, map.scale.Color(1.0)) / 4.0;
  EXPECT_GT(cell, 60 * 60)
      << "a cell of so small a map is at least 30 points wide, at 2 pixels a point";
  for (double value : {0.2, 0.6}) {  // six cells of each, but for the separators between them
    EXPECT_NEAR(Pixels(counts, map.scale.Color(value)), 6 * cell, 0.5 * cell) << value;
  }
  EXPECT_GT(counts.at(0xffffff), width * height / 4) << "no margins";
  EXPECT_GT(Pixels(counts, map.scale.Color(0.4)), 10) << "the colour bar has what lies between";
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
  EXPECT_EQ(MatrixToCsv({"r"}, {"x", "y"}, {{1, 2}}), ",x,y\nr,1,2\n");
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
