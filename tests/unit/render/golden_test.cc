// What is drawn, byte for byte, beside the files of tests/golden/render. After a change that is
// meant, run the test with EIDA_UPDATE_GOLDEN=1, look at the difference, and commit it.
#include <cstdlib>

#include "common/base/fs.h"
#include "common/render/heatmap.h"
#include "common/render/matrix_file.h"
#include "common/render/plot.h"
#include "common/render/table.h"
#include "common/render/terminal.h"
#include "gtest/gtest.h"

namespace eida::render {
namespace {

void ExpectGolden(const std::string& name, const Result<std::string>& drawn) {
  ASSERT_TRUE(drawn.ok()) << drawn.status();
  const std::string path = std::string(EIDA_SOURCE_DIR) + "/tests/golden/render/" + name;
  if (std::getenv("EIDA_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteFileAtomic(path, *drawn).ok());
    return;
  }
  const Result<std::string> golden = ReadFile(path);
  ASSERT_TRUE(golden.ok()) << golden.status();
  if (*golden == *drawn) return;
  const std::string beside = JoinPath(EIDA_BINARY_DIR, name);
  ASSERT_TRUE(WriteFileAtomic(beside, *drawn).ok());
  ADD_FAILURE() << "not the same bytes: diff " << path << " " << beside;
}

// Exact numbers only: no function of the C library decides the bytes.
HeatMap Map(size_t variants, size_t seeds) {
  HeatMap map;
  map.title = "Convexity gap";
  map.subtitle = "n = 64";
  map.value_label = "gap (nats)";
  const size_t n = variants * seeds;
  for (size_t i = 0; i < n; ++i) {
    map.groups.push_back(i < seeds ? "full" : "lora-r" + std::to_string(1 << (i / seeds)));
    map.labels.push_back(std::to_string(i % seeds));
    map.values.emplace_back();
    for (size_t j = 0; j < n; ++j) {
      map.values[i].push_back(i == j ? 0 : 0.25 * static_cast<double>(1 + (i * j) % 4) - 0.5);
    }
  }
  map.values[0][n - 1] = NAN;
  map.scale = ScaleFor("convexity_gap", map.values);
  return map;
}

LinePlot Path() {
  LinePlot plot;
  plot.title = "Path";
  plot.x_label = "α";
  plot.y_label = "loss";
  plot.series = {{"L(α)", {0, 0.25, 0.5, 0.75, 1}, {0.5, 0.75, 1, 0.875, 0.625}},
                 {"chord", {0, 1}, {0.5, 0.625}}};
  plot.series[0].mark = Mark::kDisc;
  plot.series[0].low = {0.5, 0.6875, 0.875, 0.75, 0.625};
  plot.series[0].high = {0.5, 0.8125, 1.125, 1, 0.625};
  plot.series[1].dashed = true;
  plot.references = {{"best", 0.5625}, {"uniform", 0.75}};
  plot.shade_x = {0, 0.5, 1};
  plot.shade_low = {0.5, 0.5625, 0.625};
  plot.shade_high = {0.5, 1, 0.625};
  plot.shade_label = "gap";
  return plot;
}

Table Summary() {
  return {
      {{"variant"}, {"loss", Align::kRight}, {"note"}},
      {{"full", "0.41 ± 0.02", "a, \"b\""}, {"lora-r8", "0.5", "x|y\n50 %"}, {"naïve_한", "", ""}}};
}

TEST(GoldenTest, Pictures) {
  ExpectGolden("heatmap.svg", Draw(Map(2, 2), ImageFormat::kSvg));
  HeatMap lower = Map(2, 2);
  lower.triangle = Triangle::kLower;
  lower.annotate = Annotate::kOff;
  lower.title = lower.subtitle = "";
  ExpectGolden("lower.svg", Draw(lower, ImageFormat::kSvg));
  ExpectGolden("path.svg", Draw(Path(), ImageFormat::kSvg));
}

TEST(GoldenTest, HeatMapsInTheTerminal) {
  ExpectGolden("heatmap-plain.txt", DrawTerminal(Map(2, 3), {ColorDepth::kNone, 80}));
  ExpectGolden("heatmap-digits.txt", DrawTerminal(Map(3, 5), {ColorDepth::kNone, 70}));
  ExpectGolden("heatmap-256.txt", DrawTerminal(Map(2, 2), {ColorDepth::k256, 80}));
  HeatMap lower = Map(3, 7);
  lower.triangle = Triangle::kLower;
  ExpectGolden("heatmap-blocks.txt", DrawTerminal(lower, {ColorDepth::kTrue, 80}));
  ExpectGolden("heatmap-joined.txt", DrawTerminal(Map(4, 10), {ColorDepth::kTrue, 40}));
}

TEST(GoldenTest, PlotsInTheTerminal) {
  ExpectGolden("path-plain.txt", DrawTerminal(Path(), {ColorDepth::kNone, 60}));
  ExpectGolden("path-ascii.txt", DrawTerminal(Path(), {ColorDepth::kNone, 60, false}));
  ExpectGolden("path-true.txt", DrawTerminal(Path(), {ColorDepth::kTrue, 60}));
}

TEST(GoldenTest, TablesAndMatrices) {
  ExpectGolden("table.txt", ToText(Summary()));
  ExpectGolden("table.csv", ToCsv(Summary()));
  ExpectGolden("table.md", ToMarkdown(Summary()));
  ExpectGolden("table.tex", ToLatex(Summary()));
  ExpectGolden("matrix.csv", MatrixToCsv({"full/0", "full/1", "a,b", "r8"}, Map(2, 2).values));
}

}  // namespace
}  // namespace eida::render
