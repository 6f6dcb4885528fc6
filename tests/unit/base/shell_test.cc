#include "common/base/shell.h"

#include "gtest/gtest.h"

namespace eida {
namespace {

TEST(ShellTest, WordsAreQuotedWhereAShellWouldReadThemOtherwise) {
  EXPECT_EQ(ShellWord("train.lr=1e-3"), "train.lr=1e-3");
  EXPECT_EQ(ShellWord("seeds=[0, 1]"), "'seeds=[0, 1]'");
  EXPECT_EQ(ShellWord("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(ShellWord(""), "''");
  EXPECT_EQ(ShellWord("~x"), "'~x'");
}

}  // namespace
}  // namespace eida
