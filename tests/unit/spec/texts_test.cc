// Tasks of texts, and what is generated.
#include "common/spec/parse.h"
#include "gtest/gtest.h"
#include "tests/unit/spec/reading.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

TEST(TextsTest, TextTasksHaveTheirOwnColumns) {
  const ParseResult e2e = Parse(OfTexts("  task: e2e\n"));
  ASSERT_TRUE(e2e.spec.has_value()) << Render(e2e.diagnostics, "sweep.yaml", false);
  EXPECT_EQ(e2e.spec->data.format, "e2e");
  EXPECT_EQ(e2e.spec->data.label, "");
  const ParseResult translation =
      Parse(OfTexts("  task: translation\n  columns: {source: en, target: ro}\n"
                    "  source_lang: en_XX\n  target_lang: ro_RO\n"));
  ASSERT_TRUE(translation.spec.has_value()) << Render(translation.diagnostics, "sweep.yaml", false);
  EXPECT_EQ(translation.spec->data.text, "en");
  EXPECT_EQ(translation.spec->data.text_pair, "ro");
  EXPECT_EQ(translation.spec->data.target_lang, "ro_RO");
}

TEST(TextsTest, ATaskNamesItsFormatsColumnsAndMetrics) {
  EXPECT_NE(Only(OfTexts("  task: e2e\n  format: tsv\n"), "enum").message.find("e2e"),
            std::string::npos);
  EXPECT_EQ(Only(OfTexts("  task: e2e\n  columns: {source: mr}\n"), "unknown-key").line, 7);
  EXPECT_NE(Only(OfTexts("  task: translation\n  columns: {text: en}\n"), "unknown-key")
                .message.find("source"),
            std::string::npos);
  EXPECT_NE(Only(OfTexts("  task: e2e\n", "accuracy"), "enum").message.find("loss"),
            std::string::npos);
  EXPECT_EQ(
      Only(Replaced(SampleSweep(), "  format: tsv", "  source_lang: en_XX"), "unknown-key").line,
      7);
}

std::string Generating(const std::string& generate) {
  return OfTexts("  task: e2e\n", "loss, generate: {" + generate + "}");
}

TEST(TextsTest, GenerationHasTransformersSettings) {
  const ParseResult result =
      Parse(Generating("num_beams: 10, max_length: 144, early_stopping: true, batch_size: 128"));
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  Json generate = result.spec->eval["generate"];
  std::string metrics;
  for (const Json& metric : generate["metrics"])
    metrics += metric["metric"].get<std::string>() + " ";
  EXPECT_EQ(metrics, "e2e_bleu e2e_nist meteor_exact_stem rouge_l cider ") << "the task's";
  generate.erase("metrics");
  EXPECT_EQ(generate, (Json{{"num_beams", 10},
                            {"max_length", 144},
                            {"early_stopping", true},
                            {"length_penalty", 1.0},
                            {"batch_size", 128}}));
  const ParseResult other =
      Parse(Generating("max_new_tokens: 8, early_stopping: never, no_repeat_ngram_size: 3"));
  ASSERT_TRUE(other.spec.has_value()) << Render(other.diagnostics, "sweep.yaml", false);
  EXPECT_EQ(other.spec->eval["generate"]["early_stopping"], "never");
  EXPECT_EQ(other.spec->eval["generate"]["batch_size"], 64);
  EXPECT_FALSE(Parse(OfTexts("  task: e2e\n")).spec->eval.contains("generate"));
}

TEST(TextsTest, WhatGenerationCannotBeIsNamed) {
  EXPECT_NE(Only(Generating("num_beams: 4"), "missing-key").message.find("\"max_length\""),
            std::string::npos);
  EXPECT_NE(Only(Generating("max_length: 9, num_beam: 4"), "unknown-key").message.find("num_beams"),
            std::string::npos);
  Only(Generating("max_length: 9, num_beams: 0"), "range");
  Only(Generating("max_length: 9, early_stopping: maybe"), "enum");
  EXPECT_NE(Only(Generating("max_length: 9, splits: [select, tests]"), "bad-reference")
                .message.find("split \"tests\" is not defined"),
            std::string::npos);
  Only(Generating("max_length: 9, splits: [select, select]"), "duplicate-name");
  Only(Generating("max_length: 9, splits: []"), "range");
  EXPECT_FALSE(Parse(Generating("max_length: 9")).spec->eval["generate"].contains("splits"));
  EXPECT_NE(Only(Replaced(SampleSweep(), "metric: accuracy",
                          "metric: accuracy, generate: {max_length: 9}"),
                 "bad-reference")
                .message.find("labels items"),
            std::string::npos);
}

TEST(TextsTest, MetricsOfTextsHaveOptions) {
  const ParseResult result =
      Parse(Generating("max_length: 9, metrics: [rouge_l, {metric: bleu, tokenize: none, smooth: "
                       "none, postprocess: romanian}]"));
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  EXPECT_EQ(result.spec->eval["generate"]["metrics"], (Json{{{"metric", "rouge_l"}},
                                                            {{"metric", "bleu"},
                                                             {"tokenize", "none"},
                                                             {"smooth", "none"},
                                                             {"postprocess", "romanian"}}}));
}

TEST(TextsTest, MetricsThatDoNotExistAreNamed) {
  const auto only = [](const std::string& metrics, const std::string& code) {
    return Only(Generating("max_length: 9, metrics: " + metrics), code).message;
  };
  EXPECT_NE(only("[rouge]", "enum").find("did you mean \"rouge_l\"?"), std::string::npos);
  EXPECT_NE(only("[{metric: bleu, tokenise: none}]", "unknown-key").find("tokenize"),
            std::string::npos);
  EXPECT_NE(only("[{metric: bleu, tokenize: moses}]", "enum").find("13a"), std::string::npos);
  EXPECT_NE(only("[meteor]", "missing-key").find("jar"), std::string::npos);
  EXPECT_NE(only("[{metric: meteor, jar: 5f0A}]", "range").find("SHA-256"), std::string::npos);
  EXPECT_NE(only("[{tokenize: none}]", "missing-key").find("metric"), std::string::npos);
  EXPECT_NE(only("[cider, cider]", "duplicate-name").find("cider twice"), std::string::npos);
  only("cider", "type");
}

}  // namespace
}  // namespace eida::spec
