#include "common/render/terminal.h"

#include <algorithm>
#include <cstring>

#include "gtest/gtest.h"
#include "tests/unit/render/samples.h"

namespace eida::render {
namespace {

size_t Lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The text without escape sequences.
std::string Plain(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\033') {
      while (text[i] != 'm') ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

TEST(TerminalTest, SmallMapsShowTheirNumbers) {
  const std::string text = *DrawTerminal(SampleMap(2, 2), {ColorDepth::kTrue, 80});
  EXPECT_NE(Plain(text).find(CellText(SampleMap(2, 2).values[0][1])), std::string::npos);
  EXPECT_NE(text.find("\033[48;2;"), std::string::npos);
  EXPECT_NE(Plain(text).find("lora-r2 1"), std::string::npos);
}

TEST(TerminalTest, NumbersOfNeighboursNeverTouch) {
  HeatMap map = SampleMap(4, 3);
  for (auto& row : map.values) std::fill(row.begin(), row.end(), 0.00096);
  map.values[0][1] = -0.00034;
  const std::string text = Plain(*DrawTerminal(map, {ColorDepth::kNone, 100}));
  EXPECT_EQ(text.find("0.00096"), std::string::npos);
  EXPECT_NE(text.find(" 1e-3 "), std::string::npos) << text;
  EXPECT_NE(text.find(" -3e-4 "), std::string::npos) << text;
}

TEST(TerminalTest, LargeMapsUseHalfBlocksTwoRowsALine) {
  const std::string text = *DrawTerminal(SampleMap(5, 7), {ColorDepth::k256, 100});
  EXPECT_NE(text.find("▀"), std::string::npos);
  EXPECT_NE(text.find("\033[38;5;"), std::string::npos);
  EXPECT_EQ(Lines(text), 2 + 18 + 1u);
}

TEST(TerminalTest, WithoutColourThereIsNoEscapeSequence) {
  for (size_t seeds : {2u, 7u}) {
    const std::string text = *DrawTerminal(SampleMap(5, seeds), {ColorDepth::kNone, 130});
    EXPECT_EQ(text.find('\033'), std::string::npos);
  }
}

TEST(TerminalTest, NoLineIsWiderThanTheTerminal) {
  for (int width : {80, 100, 140}) {
    std::string text = Plain(*DrawTerminal(SampleMap(4, 3), {ColorDepth::kTrue, width}));
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      EXPECT_LE(DisplayWidth(text.substr(begin, end - begin)), width)
          << text.substr(begin, end - begin);
      begin = end + 1;
    }
  }
}

TEST(TerminalTest, AMapTooLargeForTheTerminalIsJoinedAndSaysSo) {
  for (const auto& [depth, width] : {std::pair{ColorDepth::kTrue, 60}, {ColorDepth::kNone, 80}}) {
    const std::string text = Plain(*DrawTerminal(SampleMap(7, 15), {depth, width}));
    EXPECT_NE(text.find("too narrow for 105 items"), std::string::npos);
    for (size_t begin = text.find("full"); begin < text.size();) {
      const size_t end = text.find('\n', begin);
      EXPECT_LE(DisplayWidth(text.substr(begin, end - begin)), width);
      begin = end + 1;
    }
  }
  const std::string whole = Plain(*DrawTerminal(SampleMap(7, 15), {ColorDepth::kTrue, 130}));
  EXPECT_EQ(whole.find("too narrow"), std::string::npos);
}

TEST(TerminalTest, TheLegendOfADivergingMapStartsAtItsSmallestValue) {
  HeatMap map = SampleMap(2, 2, "convexity_gap");
  map.values[0][1] = -0.25;
  map.scale = ScaleFor("convexity_gap", map.values);
  const std::string text = Plain(*DrawTerminal(map, {ColorDepth::kTrue, 80}));
  EXPECT_NE(text.find("(nats)  -0.25 "), std::string::npos) << text;
}

TEST(TerminalTest, PlotsHaveAxesAndALegend) {
  const std::string text = *DrawTerminal(SamplePath(), {ColorDepth::kNone, 80});
  EXPECT_NE(text.find("α"), std::string::npos);
  EXPECT_NE(text.find("L(α)"), std::string::npos);
  EXPECT_NE(text.find("⠀") == std::string::npos, text.empty());
}

TEST(TerminalTest, DepthFollowsTheEnvironment) {
  EXPECT_EQ(DepthFor("auto", true, "", "truecolor", "xterm"), ColorDepth::kTrue);
  EXPECT_EQ(DepthFor("auto", true, "", "", "xterm-256color"), ColorDepth::k256);
  EXPECT_EQ(DepthFor("auto", true, "1", "truecolor", "xterm"), ColorDepth::kNone);
  EXPECT_EQ(DepthFor("auto", false, "", "truecolor", "xterm"), ColorDepth::kNone);
  EXPECT_EQ(DepthFor("auto", true, "", "", "dumb"), ColorDepth::kNone);
  EXPECT_EQ(DepthFor("always", false, "1", "truecolor", "xterm"), ColorDepth::kTrue);
  EXPECT_EQ(DepthFor("never", true, "", "truecolor", "xterm"), ColorDepth::kNone);
}

TEST(TerminalTest, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("α ± 한"), 6);
  EXPECT_EQ(FitTo("abcdef", 4), "abc…");
  EXPECT_EQ(FitTo("ab", 4), "ab  ");
  EXPECT_EQ(DisplayWidth(FitTo("한국어", 4)), 4);
}

}  // namespace
}  // namespace eida::render
