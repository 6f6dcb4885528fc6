#include "common/spec/sections.h"
#include "tests/unit/spec/reading.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

// The sample with one more key in its convexity gap, or its CKA.
std::string WithGap(const std::string& keys) {
  return Replaced(SampleSweep(), "type: convexity_gap, samples: 4, alphas: 5",
                  "type: convexity_gap, " + keys);
}
std::string WithCka(const std::string& keys) {
  return Replaced(SampleSweep(), "type: cka, samples: 4", "type: cka, " + keys);
}

AnalysisSpec Gap(const std::string& keys) {
  const ParseResult result = Parse(WithGap(keys));
  EXPECT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  return result.spec ? result.spec->analyses[1] : AnalysisSpec{};
}

TEST(AnalysesTest, APresetIsTheDefaultOfWhatItSets) {
  const AnalysisSpec juneja = Gap("preset: juneja");
  EXPECT_EQ(juneja.alphas, 10);
  EXPECT_EQ(juneja.samples, 512);
  const AnalysisSpec qin = Gap("preset: qin");
  EXPECT_EQ(qin.alphas, 26);
  EXPECT_EQ(qin.samples, std::nullopt);
}

TEST(AnalysesTest, WhatAFileWritesWinsOverItsPreset) {
  EXPECT_EQ(Gap("preset: juneja, alphas: 7").alphas, 7);
  EXPECT_EQ(Gap("preset: juneja, alphas: 7").samples, 512);
  EXPECT_EQ(Gap("preset: juneja, samples: 8").samples, 8);
  EXPECT_EQ(Gap("preset: juneja, samples: null").samples, std::nullopt);
}

TEST(AnalysesTest, TheResolvedFormShowsWhatHolds) {
  const Json gap = ToJson(Gap("preset: juneja, alphas: 7"));
  EXPECT_EQ(gap["preset"], "juneja");
  EXPECT_EQ(gap["alphas"], 7);
  EXPECT_EQ(gap["samples"], 512);
  EXPECT_FALSE(ToJson(Gap("alphas: 7")).contains("preset"));
}

TEST(AnalysesTest, APresetMustExistAndFitTheType) {
  const Diagnostic unknown = Only(WithGap("preset: junja"), "enum");
  EXPECT_NE(unknown.message.find("expected one of: juneja, qin"), std::string::npos)
      << unknown.message;
  EXPECT_NE(unknown.message.find("did you mean \"juneja\"?"), std::string::npos);
  const Diagnostic misfit = Only(WithCka("preset: juneja"), "bad-reference");
  EXPECT_NE(misfit.message.find("no preset of type cka"), std::string::npos) << misfit.message;
  Only(WithGap("preset: [juneja]"), "type");
  Only(WithGap("preset: juneja, samples: 3"), "range");
}

TEST(AnalysesTest, TwoSelectionsAreReadAndResolved) {
  const AnalysisSpec cross = Gap("select: \"variant~lora-*\", with: variant=full");
  EXPECT_EQ(cross.select, "variant~lora-*");
  EXPECT_EQ(cross.with, "variant=full");
  EXPECT_EQ(ToJson(cross)["with"], "variant=full");
  EXPECT_EQ(Gap("select: \"seed<2\", with: \"seed>1\", pairs: same_variant").with, "seed>1");
  EXPECT_EQ(Gap("confidence: 0.9").confidence, 0.9);
}

TEST(AnalysesTest, ACrossOfTwoSelectionsNeedsRunsOnBothSidesAndNoneOnBoth) {
  Only(WithGap("select: \"variant~lora-*\", with: variant=none"), "empty-selection");
  Only(WithGap("select: variant=none, with: variant=full"), "empty-selection");
  Only(WithGap("select: variant=full, with: \"variant<full\""), "bad-reference");
  const Diagnostic both =
      Only(WithGap("select: \"variant~lora-*\", with: \"seed=1\""), "duplicate-run");
  EXPECT_NE(both.message.find("lora-r1/seed1"), std::string::npos) << both.message;
  // Of runs of other variants none has the same.
  const Diagnostic none =
      Only(WithGap("select: \"variant~lora-*\", with: variant=full, pairs: same_variant"),
           "empty-selection");
  EXPECT_NE(none.message.find("(same_variant)"), std::string::npos) << none.message;
  Only(WithGap("select: \"seed=0\", with: \"seed=1\", pairs: same_seed"), "empty-selection");
  Only(WithGap("confidence: 1"), "range");
  Only(WithCka("confidence: 0.9"), "unknown-key");
}

TEST(AnalysesTest, TheAdapterSpaceIsForPairsOfOneStructure) {
  EXPECT_EQ(Gap("space: adapter, pairs: same_variant").space, "adapter");
  EXPECT_EQ(Gap("space: adapter, select: variant=lora-r8").space, "adapter");
  const Diagnostic mixed = Only(WithGap("space: adapter"), "adapter-structure");
  EXPECT_NE(mixed.message.find("\"full\" and \"lora-r1\""), std::string::npos) << mixed.message;
  EXPECT_EQ(mixed.line, 22);
  Only(WithGap("space: adapter, select: \"variant~lora-*\", pairs: same_seed"),
       "adapter-structure");
  Only(WithGap("space: adapter, select: \"variant=lora-r1\", with: \"variant=lora-r8\""),
       "adapter-structure");
  Only(WithGap("space: weights"), "enum");
}

}  // namespace
}  // namespace eida::spec
