#include "gmock/gmock.h"
#include "tests/unit/spec/reading.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

using ::testing::HasSubstr;

std::string WithSoup(const std::string& soup) {
  return Replaced(SampleSweep(), "type: greedy, select: \"variant~lora-*\"", soup);
}
SoupSpec SoupOf(const std::string& soup) {
  const ParseResult result = Parse(WithSoup(soup));
  EXPECT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  return result.spec ? result.spec->soups.at(0) : SoupSpec();
}

TEST(SoupSectionTest, OptionsAreThoseOfTheType) {
  const Json greedy = {{"metric", "loss"}, {"min_gain", 0.0}};
  EXPECT_EQ(SoupOf("type: greedy").options, greedy);
  EXPECT_EQ(SoupOf("type: greedy, order_by: loss").options, greedy);
  EXPECT_EQ(SoupOf("type: running_mean, metric: accuracy, order_by: f1, min_gain: 0.1").options,
            (Json{{"metric", "accuracy"}, {"order_by", "f1"}, {"min_gain", 0.1}}));
  EXPECT_EQ(SoupOf("type: uniform").options, (Json{{"metric", "loss"}}));
  const std::string lora = ", select: \"variant~lora-*\"";
  EXPECT_EQ(SoupOf("type: peft_svd" + lora).options, (Json{{"metric", "loss"}}));
  EXPECT_EQ(SoupOf("type: peft_svd, rank: 3" + lora).options,
            (Json{{"metric", "loss"}, {"rank", 3}}));
}

TEST(SoupSectionTest, MistakesAreNamedOnce) {
  EXPECT_THAT(Only(WithSoup("type: greasy, rank: 3"), "enum").message,
              HasSubstr("expected one of: greedy, peft_cat, peft_linear, peft_svd, running_mean, "
                        "uniform"));
  Only(WithSoup("type: uniform, min_gain: 1"), "unknown-key");
  Only(WithSoup("type: greedy, min_gain: -1"), "range");
  Only(WithSoup("type: peft_svd, rank: 0, select: \"variant~lora-*\""), "range");
  Only(WithSoup("type: greedy, select: \"variant~qlora-*\""), "empty-selection");
  EXPECT_THAT(Only(WithSoup("type: greedy, metric: bleu"), "enum").message,
              HasSubstr("expected one of: accuracy, "));
  // A task of texts gives a loss and nothing else.
  const std::string texts =
      Replaced(OfTexts("  task: e2e\n"), "type: greedy", "type: running_mean, metric: accuracy");
  EXPECT_THAT(Only(texts, "enum").message, HasSubstr("expected one of: loss"));
}

TEST(SoupSectionTest, FactorsAreAskedOfRunsThatHaveThem) {
  for (const char* type : {"peft_cat", "peft_linear", "peft_svd"}) {
    const Diagnostic d = Only(WithSoup("type: " + std::string(type)), "no-factors");
    EXPECT_THAT(d.message, HasSubstr("runs of full do not have"));
    SoupOf("type: " + std::string(type) + ", select: \"variant~lora-*\"");
  }
}

TEST(SoupSectionTest, ASplitIsHalvedBySeed) {
  const SoupSpec halved = SoupOf("type: greedy, split: select, split_half: 7");
  EXPECT_EQ(halved.split_half, 7);
  EXPECT_EQ(halved.report, "select");
  EXPECT_FALSE(SoupOf("type: greedy").split_half.has_value());
  EXPECT_THAT(
      Only(WithSoup("type: greedy, split: select, report: train, split_half: 7"), "bad-reference")
          .message,
      HasSubstr("reports on the other half of \"select\""));
  Only(WithSoup("type: greedy, split_half: -1"), "range");
}

TEST(SoupSectionTest, ASoupOfOneRunIsOnlyAWarning) {
  const ParseResult result = Parse(WithSoup("type: greedy, select: \"variant=full,seed=1\""));
  ASSERT_TRUE(result.spec.has_value());
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].code, "one-member");
  EXPECT_THAT(result.diagnostics[0].message, HasSubstr("a soup of one run, full/seed1"));
}

}  // namespace
}  // namespace eida::spec
