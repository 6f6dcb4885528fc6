// LoRA's options in a sweep file.
#include "common/spec/parse.h"
#include "gtest/gtest.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

// The sample with this adapter in place of its grid of LoRA variants.
std::string WithAdapter(const std::string& keys) {
  return Replaced(Replaced(SampleSweep(), "alpha: 4r, targets: [query, value]", "r: 8, " + keys),
                  "    grid: {adapter.r: [1, 8]}\n", "");
}

ParseResult ParseLora(const std::string& keys) {
  return ParseSweep(WithAdapter(keys), "s.yaml", {});
}

Json LoraOf(const std::string& keys) {
  const ParseResult result = ParseLora(keys);
  EXPECT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "s.yaml", false);
  return result.spec ? result.spec->variants.at(1).adapter : Json();
}

// "code: message" of the first error.
std::string FirstError(const std::string& keys) {
  for (const Diagnostic& d : ParseLora(keys).diagnostics) {
    if (d.severity == Severity::kError) return d.code + ": " + d.message;
  }
  return "";
}

// Fingerprints of finished runs rest on it.
TEST(LoraOptionsTest, AFileWithoutThemResolvesAsItEverDid) {
  const std::string plain = R"({"alpha":32.0,"bias":"none","dropout":0.0,"r":8,)"
                            R"("targets":["query","value"],"type":"lora"})";
  EXPECT_EQ(Canonical(LoraOf("alpha: 4r")), plain);
  EXPECT_EQ(Canonical(LoraOf("alpha: 4r, train_head: true, use_rslora: false, bias: none")), plain)
      << "what is written out as its default is not there either";
  EXPECT_EQ(Canonical(LoraOf("alpha: 4r, scale: null, rank_pattern: {}")), plain);
}

TEST(LoraOptionsTest, AllOfThem) {
  const Json adapter = LoraOf(
      "alpha: 16, rank_pattern: {value: 4, 'h.*.query': 2}, alpha_pattern: {query: 0.5}, bias: "
      "lora_only, modules_to_save: [pooler.dense], train_head: false, use_rslora: true");
  EXPECT_EQ(adapter["rank_pattern"], Json::parse(R"([["value", 4], ["h.*.query", 2]])"))
      << "in file order";
  EXPECT_EQ(adapter["alpha_pattern"], Json::parse(R"([["query", 0.5]])"));
  EXPECT_EQ(adapter["bias"], "lora_only");
  EXPECT_EQ(adapter["modules_to_save"], Json{"pooler.dense"});
  EXPECT_EQ(adapter["train_head"], false);
  EXPECT_EQ(adapter["use_rslora"], true);
  const Json fixed = LoraOf("scale: 4");
  EXPECT_EQ(fixed["scale"], 4.0);
  EXPECT_FALSE(fixed.contains("alpha"));
}

TEST(LoraOptionsTest, WhatMakesNoSenseIsNamed) {
  for (const auto& [keys, error] :
       {std::pair<const char*, const char*>{"alpha: 4r, scale: 2", "range: give either"},
        {"scale: 2, use_rslora: true", "range: give either"},
        {"scale: 2, alpha_pattern: {query: 2}", "range: give either"},
        {"scale: 0", "range: \"variants[1].adapter.scale\" must be positive"},
        {"scale: -1", "range: \"variants[1].adapter.scale\" must be positive"},
        {"bias: some", "enum"},
        {"rank_pattern: {query: 0}", "range: \"variants[1].adapter.rank_pattern.query\""},
        {"rank_pattern: {query: 1.5}", "type: \"variants[1].adapter.rank_pattern.query\""},
        {"rank_pattern: [query]", "type: \"variants[1].adapter.rank_pattern\""},
        {"alpha_pattern: {query: high}", "type: \"variants[1].adapter.alpha_pattern.query\""},
        {"modules_to_save: []", "range: \"variants[1].adapter.modules_to_save\" is empty"},
        {"train_head: 7", "type: \"variants[1].adapter.train_head\""},
        {"rank_patern: {query: 1}", "unknown-key"}}) {
    EXPECT_EQ(FirstError(keys).substr(0, std::string(error).size()), error) << keys;
  }
}

TEST(LoraStartTest, TheAdaptersSettingsAreItsOwn) {
  const std::string name = "name: \"lora-r{adapter.r}\"";
  const auto started = [&](const std::string& adapter, const std::string& train) {
    std::string text = Replaced(SampleSweep(), name, "name: lora-started");
    text = Replaced(text, "adapter: {type: lora, alpha: 4r, targets: [query, value]}",
                    "adapter: {type: lora, " + adapter + "}" +
                        (train.empty() ? "" : "\n    train: {" + train + "}"));
    return ParseSweep(Replaced(text, "    grid: {adapter.r: [1, 8]}\n", ""), "s.yaml", {});
  };
  const auto error = [&](const std::string& adapter, const std::string& train = "") {
    const ParseResult result = started(adapter, train);
    for (const Diagnostic& d : result.diagnostics) {
      if (d.severity == Severity::kError) return d.code + ": " + d.message;
    }
    return std::string();
  };
  const ParseResult plain = started("init: adapters/peft", "steps: 0");
  ASSERT_TRUE(plain.spec.has_value()) << Render(plain.diagnostics, "s.yaml", false);
  EXPECT_EQ(plain.spec->variants[1].adapter, (Json{{"type", "lora"}, {"init", "adapters/peft"}}));
  EXPECT_EQ(plain.spec->variants[1].train["steps"], 0);
  EXPECT_FALSE(plain.spec->variants[1].train.contains("epochs")) << "the variant's own length";
  EXPECT_EQ(plain.spec->variants[1].place, "variants[1]");
  const ParseResult own = started("init: peft, dropout: 0.2, train_head: false", "");
  ASSERT_TRUE(own.spec.has_value()) << Render(own.diagnostics, "s.yaml", false);
  EXPECT_EQ(own.spec->variants[1].adapter["dropout"], 0.2);
  EXPECT_EQ(own.spec->variants[1].adapter["train_head"], false);
  EXPECT_EQ(own.spec->variants[1].train["epochs"], 1.0);
  for (const char* key : {"r: 2", "alpha: 4", "targets: [query]", "bias: all", "use_rslora: true"})
    EXPECT_NE(error(std::string("init: peft, ") + key).find("says; leave it out"),
              std::string::npos)
        << key;
  EXPECT_NE(error("init: ''").find("names no directory"), std::string::npos);
  EXPECT_NE(error("init: peft", "steps: -1").find("range"), std::string::npos);
}

}  // namespace
}  // namespace eida::spec
