#include "common/spec/selection.h"

#include "common/spec/reader.h"
#include "gtest/gtest.h"

namespace eida::spec {
namespace {

bool Matches(const std::string& text, const std::string& variant, int64_t seed) {
  const Result<Selection> selection = Selection::Parse(text);
  EXPECT_TRUE(selection.ok()) << selection.status();
  return selection.ok() &&
         selection->Matches(variant, seed, variant + "/seed" + std::to_string(seed), "succeeded");
}

TEST(SelectionTest, TermsAreJoinedByAnd) {
  EXPECT_TRUE(Matches("", "full", 3));
  EXPECT_TRUE(Matches("variant~lora-*,seed<3", "lora-r8", 2));
  EXPECT_FALSE(Matches("variant~lora-*,seed<3", "lora-r8", 3));
  EXPECT_FALSE(Matches("variant~lora-*,seed<3", "full", 1));
  EXPECT_TRUE(Matches("variant!=full", "lora-r8", 0));
  EXPECT_TRUE(Matches("variant!~lora-*", "full", 0));
  EXPECT_TRUE(Matches("name=full/seed2,state=succeeded", "full", 2));
}

TEST(SelectionTest, MistakesAreNamed) {
  EXPECT_NE(Message(Selection::Parse("varient=full").status()).find("did you mean \"variant\"?"),
            std::string::npos);
  EXPECT_FALSE(Selection::Parse("seed=x").ok());
  EXPECT_FALSE(Selection::Parse("variant<3").ok());
  EXPECT_FALSE(Selection::Parse("nonsense").ok());
}

TEST(ScalarTest, NumbersAreStrict) {
  EXPECT_EQ(ParseInt("12"), 12);
  EXPECT_FALSE(ParseInt("012").has_value());
  EXPECT_FALSE(ParseInt("1_000").has_value());
  EXPECT_FALSE(ParseInt("1.0").has_value());
  EXPECT_EQ(ParseNumber("2e-4"), 2e-4);
  EXPECT_FALSE(ParseNumber("nan").has_value());
  EXPECT_FALSE(ParseNumber("1 ").has_value());
}

TEST(ScalarTest, Durations) {
  EXPECT_EQ(ParseDuration("90s"), Millis(90'000));
  EXPECT_EQ(ParseDuration("1h30m"), Millis(5'400'000));
  EXPECT_EQ(ParseDuration("500ms"), Millis(500));
  EXPECT_FALSE(ParseDuration("90").has_value());
  EXPECT_FALSE(ParseDuration("soon").has_value());
}

}  // namespace
}  // namespace eida::spec
