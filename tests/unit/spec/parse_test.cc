#include "common/spec/parse.h"

#include "gtest/gtest.h"
#include "tests/unit/spec/reading.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

TEST(ParseTest, AValidFileHasItsDefaultsFilledIn) {
  const ParseResult result = Parse(SampleSweep());
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  const SweepSpec& spec = *result.spec;
  EXPECT_EQ(spec.seeds, (std::vector<int64_t>{0, 1, 2}));
  ASSERT_EQ(spec.variants.size(), 3u);
  EXPECT_EQ(spec.variants[2].name, "lora-r8");
  EXPECT_EQ(spec.variants[2].adapter["alpha"], 32.0);
  EXPECT_EQ(spec.variants[2].adapter["dropout"], 0.0);
  EXPECT_EQ(spec.variants[0].train["optimizer"]["eps"], 1e-8);
  EXPECT_EQ(spec.eval["report"], "select");
  EXPECT_EQ(spec.analyses[1].alphas, 5);
  EXPECT_EQ(spec.analyses[0].estimator, "unbiased");
}

TEST(ParseTest, MalformedYamlNamesThePlace) {
  const Diagnostic d = Only("apiVersion: eida/v1\nname: [unclosed\n", "syntax");
  EXPECT_GE(d.line, 2);
  EXPECT_NE(d.message.find("not valid YAML"), std::string::npos);
}

TEST(ParseTest, UnknownKeySaysWhatWasMeant) {
  const Diagnostic d =
      Only(Replaced(SampleSweep(), "batch_size: 4", "bach_size: 4"), "unknown-key");
  EXPECT_EQ(d.line, 13);
  EXPECT_NE(d.message.find("did you mean \"batch_size\"?"), std::string::npos);
}

TEST(ParseTest, AMisspeltKeyOfAChoiceOfKeysIsRecognised) {
  const Diagnostic d =
      Only(SampleSweep() + "checkpoint: {every: {epoch: 1}, keep: [last]}\n", "unknown-key");
  EXPECT_NE(d.message.find("did you mean \"epochs\"?"), std::string::npos) << d.message;
}

TEST(ParseTest, DuplicateKeysAreErrors) {
  const Diagnostic d =
      Only(Replaced(SampleSweep(), "name: sample", "name: sample\nname: other"), "duplicate-key");
  EXPECT_NE(d.message.find("first at 3:1"), std::string::npos);
}

TEST(ParseTest, UnknownAdapterNamesTheChoices) {
  const Diagnostic d = Only(Replaced(SampleSweep(), "type: lora", "type: lorra"), "enum");
  EXPECT_NE(d.message.find("expected one of: bitfit, eida, eva, lora, lora_sb, lora_xs, none"),
            std::string::npos);
  EXPECT_NE(d.message.find("did you mean \"lora\"?"), std::string::npos);
}

TEST(ParseTest, EveryCodeHasItsCase) {
  const std::string base = SampleSweep();
  Only(Replaced(base, "name: sample\n", ""), "missing-key");
  Only(Replaced(base, "epochs: 1,", "epochs: one,"), "type");
  Only(Replaced(base, "max_length: 16", "max_length: 010"), "type");
  Only(Replaced(base, "max_length: 16", "max_length: 1"), "range");
  Only(Replaced(base, "split: select}", "split: selct}"), "bad-reference");
  Only(Replaced(base, "name: full", "name: lora-r8"), "duplicate-name");
  Only(Replaced(base, "variant~lora-*", "variant~qlora-*"), "empty-selection");
  Only(Replaced(base, "adapter.r: [1, 8]", "adapter.r: 8"), "continuous-grid");
  Only(Replaced(base, "seeds: 0..2", "seeds: 0..99999999"), "too-many-runs");
  Only(Replaced(base, "from: train", "from: valid"), "bad-reference");
  Only(Replaced(base, "apiVersion: eida/v1", "apiVersion: eida/v9"), "enum");
}

TEST(ParseTest, SlotsAndPacksExcludeOneAnother) {
  const std::string sweep = SampleSweep();
  Only(sweep + "resources: {slots_per_job: 2, pack: 2}\n", "pack-and-slots");
  Only(sweep + "resources: {slots_per_job: 0}\n", "range");
  Only(sweep + "resources: {slots_per_job: 65}\n", "range");
  Only(sweep + "resources: {slots_per_job: two}\n", "type");
  const ParseResult result = Parse(sweep + "resources: {slots_per_job: 2, pack: 1}\n");
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  EXPECT_EQ(result.spec->slots_per_job, 2);
}

TEST(ParseTest, AllErrorsComeAtOnceInFileOrder) {
  std::string text = Replaced(SampleSweep(), "batch_size: 4", "batch_size: -4");
  text = Replaced(text, "max_length: 16", "max_lenght: 16");
  text = Replaced(text, "type: greedy", "type: greasy");
  const ParseResult result = Parse(text);
  ASSERT_GE(result.diagnostics.size(), 3u);
  for (size_t i = 1; i < result.diagnostics.size(); ++i)
    EXPECT_LE(result.diagnostics[i - 1].line, result.diagnostics[i].line);
}

TEST(ParseTest, SelectEqualToReportIsOnlyAWarning) {
  const ParseResult result =
      Parse(Replaced(SampleSweep(), "split: select}", "split: select, report: select}"));
  EXPECT_TRUE(result.spec.has_value());
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].code, "select-equals-report");
}

TEST(ParseTest, OverridesChangeValuesAndAreCheckedLikeTheFile) {
  const ParseResult result =
      Parse(SampleSweep(), {"train.lr=0.5", "seeds=[7]", "variants[0].name=all"});
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  EXPECT_EQ(result.spec->variants[0].train["lr"], 0.5);
  EXPECT_EQ(result.spec->seeds, std::vector<int64_t>{7});
  EXPECT_EQ(result.spec->variants[0].name, "all");
  EXPECT_EQ(Only(SampleSweep(), "unknown-key", {"train.lrr=1"}).file, "--set");
  Only(SampleSweep(), "syntax", {"nonsense"});
}

TEST(ParseTest, AnchorsAndMergeKeysAreResolved) {
  const std::string text =
      Replaced(Replaced(SampleSweep(), "train: {epochs: 1", "train: &base {epochs: 1"),
               "adapter: {type: none}", "adapter: {type: none}, train: {<<: *base, lr: 7.0e-3}");
  const ParseResult result = Parse(text);
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  EXPECT_EQ(result.spec->variants[0].train["lr"], 7e-3);
  EXPECT_EQ(result.spec->variants[0].train["batch_size"], 4);
}

TEST(ParseTest, AliasesThatExplodeAreRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 8; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) text += ", " + before;
    text += "]\n";
  }
  Only(text, "syntax");
}

TEST(ParseTest, AFileThatIsNoMapIsOneError) { Only("- just\n- a list\n", "type"); }

TEST(DiagnosticTest, RenderingShowsLineCaretAndCounts) {
  const ParseResult result = Parse(Replaced(SampleSweep(), "batch_size: 4", "bach_size: 4"));
  EXPECT_EQ(Render(result.diagnostics, "sweep.yaml", false),
            "sweep.yaml:13:20: error: unknown key \"bach_size\" in \"variants[0].train\"; did you "
            "mean \"batch_size\"? [unknown-key]\n"
            "   13 | train: {epochs: 1, bach_size: 4, lr: 1.0e-3}\n"
            "      |                    ^~~~~~~~~\n"
            "1 error in sweep.yaml - nothing was submitted.   See: eidactl explain-field train\n");
}

}  // namespace
}  // namespace eida::spec
