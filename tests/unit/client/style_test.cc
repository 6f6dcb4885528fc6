#include "client/output/style.h"

#include <map>

#include "gtest/gtest.h"

namespace eida::client {
namespace {

Env With(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

TEST(StyleTest, ColoursAreForTerminals) {
  EXPECT_TRUE(UsesColor("auto", true, With({})));
  EXPECT_FALSE(UsesColor("auto", false, With({})));
}

TEST(StyleTest, TheFlagIsStrongerThanEveryVariable) {
  EXPECT_TRUE(UsesColor("always", false, With({{"NO_COLOR", "1"}, {"TERM", "dumb"}})));
  EXPECT_FALSE(UsesColor("never", true, With({{"CLICOLOR_FORCE", "1"}})));
}

TEST(StyleTest, VariablesTurnColoursOffAndOn) {
  EXPECT_FALSE(UsesColor("auto", true, With({{"NO_COLOR", "1"}})));
  EXPECT_TRUE(UsesColor("auto", true, With({{"NO_COLOR", ""}})));
  EXPECT_FALSE(UsesColor("auto", true, With({{"TERM", "dumb"}})));
  EXPECT_FALSE(UsesColor("auto", true, With({{"CLICOLOR", "0"}})));
  EXPECT_TRUE(UsesColor("auto", false, With({{"CLICOLOR_FORCE", "1"}})));
  EXPECT_FALSE(UsesColor("auto", false, With({{"CLICOLOR_FORCE", "0"}})));
  EXPECT_FALSE(UsesColor("auto", false, With({{"CLICOLOR_FORCE", "1"}, {"NO_COLOR", "1"}})));
}

TEST(StyleTest, DepthFollowsColorterm) {
  using render::ColorDepth;
  EXPECT_EQ(ColorDepthOf("auto", true, With({{"COLORTERM", "truecolor"}})), ColorDepth::kTrue);
  EXPECT_EQ(ColorDepthOf("auto", true, With({})), ColorDepth::k256);
  EXPECT_EQ(ColorDepthOf("auto", false, With({{"COLORTERM", "truecolor"}})), ColorDepth::kNone);
}

TEST(StyleTest, ForceTtyMakesATerminal) {
  EXPECT_TRUE(CountsAsTerminal(false, With({{"EIDA_FORCE_TTY", "1"}})));
  EXPECT_FALSE(CountsAsTerminal(false, With({})));
}

TEST(StyleTest, ADumbTerminalIsNotDrawnOver) {
  EXPECT_TRUE(Redraws(true, With({})));
  EXPECT_FALSE(Redraws(true, With({{"TERM", "dumb"}})));
  EXPECT_FALSE(Redraws(false, With({})));
}

TEST(StyleTest, ColumnsIsStrongerThanTheTerminal) {
  EXPECT_EQ(WidthOf(132, With({{"COLUMNS", "60"}})), 60);
  EXPECT_EQ(WidthOf(132, With({{"COLUMNS", "x"}})), 132);
  EXPECT_EQ(WidthOf(0, With({})), 100);
}

TEST(StyleTest, TheFirstLocaleVariableDecidesAboutUnicode) {
  EXPECT_TRUE(UsesUnicode(false, With({{"LANG", "C.UTF-8"}})));
  EXPECT_FALSE(UsesUnicode(true, With({{"LC_ALL", "C"}, {"LANG", "C.UTF-8"}})));
  EXPECT_TRUE(UsesUnicode(true, With({})));
}

}  // namespace
}  // namespace eida::client
