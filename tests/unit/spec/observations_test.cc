// The section `observations`.
#include "tests/unit/spec/reading.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

std::string With(const std::string& observation) {
  return SampleSweep() + "observations:\n  - {name: base, " + observation + "}\n";
}

TEST(ObservationsTest, DefaultsAreThoseOfTheFigures) {
  const ParseResult result = Parse(SampleSweep() + "observations:\n  - {name: base}\n");
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  const ObservationSpec& o = result.spec->observations.at(0);
  EXPECT_FALSE(o.of_runs);
  EXPECT_EQ(o.split, "train");
  EXPECT_EQ(o.settings["sizes"], (Json{128, 256, 512}));
  EXPECT_EQ(o.settings["dims"], (Json{4, 8, 16, 32, 64}));
  EXPECT_EQ(o.settings["repeats"], 5);
  EXPECT_EQ(o.settings["held_out"], 1024);
}

TEST(ObservationsTest, ASweepMayOnlyObserve) {
  std::string text = SampleSweep();
  text = text.substr(0, text.find("seeds:")) + "observations:\n  - {name: base, sizes: [8]}\n";
  const ParseResult result = Parse(text);
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  EXPECT_TRUE(result.spec->variants.empty());
  EXPECT_EQ(ToJson(*result.spec)["observations"][0]["sizes"], Json{8});
  Only(text + "seeds: 0..1\n", "missing-key");  // seeds of what?
}

TEST(ObservationsTest, WhatIsWrongIsNamed) {
  EXPECT_NE(Only(With("sizes: [256, 128]"), "range").message.find("ascending"), std::string::npos);
  EXPECT_NE(Only(With("dims: []"), "range").message.find("is empty"), std::string::npos);
  Only(With("dims: [0, 4]"), "range");
  Only(With("repeats: 0"), "range");
  Only(With("token_probability: 1"), "range");
  EXPECT_NE(Only(With("split: trian"), "bad-reference").message.find("did you mean \"train\"?"),
            std::string::npos);
  EXPECT_NE(Only(With("size: [8]"), "unknown-key").message.find("sizes"), std::string::npos);
  Only(With("select: \"variant~none-*\""), "empty-selection");
}

}  // namespace
}  // namespace eida::spec
