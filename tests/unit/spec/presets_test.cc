// One file in several sizes.
#include "common/spec/presets.h"

#include "gmock/gmock.h"
#include "tests/unit/spec/reading.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

using testing::HasSubstr;

std::string WithPresets(const std::string& presets) {
  return SampleSweep() + "presets:\n" + presets;
}

const char* const kTwo =
    "  smoke:\n"
    "    seeds: [7]\n"
    "    train: {epochs: null, steps: 3}\n"
    "    data: {splits: {extra: more.tsv}}\n"
    "    soups: null\n"
    "  reduced: {name: smaller, train: {lr: 0.5}}\n";

SweepSpec Valid(const std::string& text, const std::vector<std::string>& overrides) {
  const ParseResult result = ParseSweep(text, "sweep.yaml", overrides);
  EXPECT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  return result.spec.value_or(SweepSpec{});
}

std::string Errors(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const ParseResult result = ParseSweep(text, "sweep.yaml", overrides);
  EXPECT_FALSE(result.spec.has_value());
  return Render(result.diagnostics, "sweep.yaml", false);
}

TEST(PresetsTest, WithoutAChoiceTheFileIsAsItWouldBeWithoutThem) {
  EXPECT_EQ(ToJson(Valid(WithPresets(kTwo), {})), ToJson(Valid(SampleSweep(), {})));
}

TEST(PresetsTest, TheChosenOneLiesOverTheFile) {
  const SweepSpec spec = Valid(WithPresets(kTwo), {PresetOverride("smoke")});
  EXPECT_EQ(spec.name, "sample-smoke");
  EXPECT_EQ(spec.preset, "smoke");
  EXPECT_EQ(spec.seeds, (std::vector<int64_t>{7}));
  EXPECT_EQ(spec.variants[0].train["steps"], 3);
  EXPECT_FALSE(spec.variants[0].train.contains("epochs"));
  EXPECT_EQ(spec.variants[0].train["batch_size"], 4);  // maps are laid key by key
  EXPECT_EQ(spec.data.splits.size(), 3u);
  EXPECT_TRUE(spec.soups.empty());  // null takes a key away
  EXPECT_EQ(ToJson(spec)["preset"], "smoke");
}

TEST(PresetsTest, OverridesHoldAfterThePresetWhereverTheyStand) {
  for (const std::vector<std::string>& overrides :
       {std::vector<std::string>{"seeds=[8]", "preset=smoke"}, {"preset=smoke", "seeds=[8]"}})
    EXPECT_EQ(Valid(WithPresets(kTwo), overrides).seeds, (std::vector<int64_t>{8}));
}

TEST(PresetsTest, ANameOfItsOwnStays) {
  EXPECT_EQ(Valid(WithPresets(kTwo), {"preset=reduced"}).name, "smaller");
}

TEST(PresetsTest, TheFileMayChooseAndTheCommandLineWins) {
  const std::string text = "preset: smoke\n" + WithPresets(kTwo);
  EXPECT_EQ(Valid(text, {}).name, "sample-smoke");
  EXPECT_EQ(Valid(text, {"preset=reduced"}).name, "smaller");
}

TEST(PresetsTest, AnUnknownOneNamesThoseThatThereAre) {
  EXPECT_THAT(
      Errors(WithPresets(kTwo), {"preset=smok"}),
      HasSubstr(
          "there is no preset \"smok\"; the file has: smoke, reduced; did you mean \"smoke\"?"));
  EXPECT_THAT(Errors(SampleSweep(), {"preset=smoke"}), HasSubstr("the file has no presets"));
}

TEST(PresetsTest, AMistakeInAnyOfThemIsFoundAtItsPlace) {
  const std::string text = WithPresets("  smoke: {train: {epochz: 3}}\n");
  const std::string errors = Errors(text);
  EXPECT_THAT(errors, HasSubstr("unknown key \"epochz\""));
  EXPECT_THAT(errors, HasSubstr("with the preset smoke"));
  EXPECT_THAT(errors, HasSubstr("sweep.yaml:27:19"));
}

TEST(PresetsTest, BadShapes) {
  EXPECT_THAT(Errors(SampleSweep() + "presets: [a]\n"), HasSubstr("\"presets\" must be a map"));
  EXPECT_THAT(Errors(WithPresets("  smoke: 3\n")), HasSubstr("\"presets.smoke\" must be a map"));
  EXPECT_THAT(Errors(WithPresets("  smoke: {preset: a}\n")), HasSubstr("cannot have \"preset\""));
  EXPECT_THAT(Errors("preset: [a]\n" + WithPresets(kTwo)), HasSubstr("\"preset\" must be a text"));
}

}  // namespace
}  // namespace eida::spec
