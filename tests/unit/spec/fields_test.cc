// What `explain-field` tells is what the reader reads.
#include "common/spec/fields.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>

#include "common/base/fs.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "common/spec/yaml_tree.h"
#include "gmock/gmock.h"
#include "tests/unit/spec/reading.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

Field FieldAt(const std::string& path) {
  const auto found = Explain(path);
  EXPECT_TRUE(found.ok()) << found.status();
  return found.ok() ? found->front() : Field();
}

TEST(FieldsTest, EveryKeyThatIsReadIsExplainedAndTheOtherWayRound) {
  EXPECT_THAT(FieldsOutOfStep(), IsEmpty()) << "common/spec/fields.def";
}

TEST(FieldsTest, EveryFieldSaysWhatItIs) {
  for (const Field& field : Fields()) {
    EXPECT_FALSE(field.help.empty()) << field.path;
    EXPECT_FALSE(field.type.empty()) << field.path << ": a Get without a type";
  }
}

// Paths of a file as explain-field has them.
void Collect(const Tree& tree, const std::string& path, std::set<std::string>* paths) {
  if (tree.kind == Tree::Kind::kList) {
    for (const Tree& item : tree.items) Collect(item, path + "[0]", paths);
    return;
  }
  for (const auto& [key, value] : tree.entries) {
    const std::string own = path.empty() ? key.text : path + "." + key.text;
    paths->insert(FieldPath(own));
    if (!own.ends_with(".grid")) Collect(value, own, paths);
  }
}

TEST(FieldsTest, EveryKeyOfTheExamplesIsExplained) {
  std::set<std::string> known, used;
  for (const Field& field : Fields()) known.insert(field.path);
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(EIDA_SOURCE_DIR "/deploy/examples")) {
    if (entry.path().extension() != ".yaml") continue;
    std::vector<Diagnostic> diagnostics;
    Collect(ParseYaml(ReadFile(entry.path()).value(), "f", &diagnostics), "", &used);
  }
  EXPECT_GT(used.size(), 60u);
  for (const std::string& path : used) EXPECT_EQ(known.count(path), 1u) << path;
}

// An example stands under its key in a file; nothing of it may be unknown or misspelt.
TEST(FieldsTest, ExamplesAreYamlOfTheirKey) {
  for (const Field& field : Fields()) {
    if (field.example.empty()) continue;
    std::vector<Diagnostic> diagnostics;
    const Tree tree = ParseYaml(field.example, "example", &diagnostics);
    EXPECT_THAT(diagnostics, IsEmpty()) << field.path;
    ASSERT_EQ(tree.entries.size(), 1u) << field.path;
    const std::string name = Split(field.path, '.').back();
    if (name[0] != '<') {
      EXPECT_EQ(tree.entries[0].first.text, name) << field.path;
    }
  }
}

TEST(FieldsTest, TypesRangesAndDefaultsAreTheReaders) {
  const Field lr = FieldAt("train.lr");
  EXPECT_EQ(lr.type, "a number");
  EXPECT_TRUE(lr.required);
  EXPECT_EQ(lr.high, 100);
  const Field batch = FieldAt("train.batch_size");
  EXPECT_EQ(batch.fallback, "32");
  EXPECT_EQ(batch.low, 1);
  EXPECT_EQ(FieldAt("train.schedule.name").choices,
            (std::vector<std::string>{"linear", "polynomial", "cosine", "constant"}));
  EXPECT_EQ(FieldAt("retries.backoff").type, "a duration");
  EXPECT_EQ(FieldAt("train.steps").fallback, "") << "an absent one is not set";
}

TEST(FieldsTest, WhatDependsOnAChoiceSaysSo) {
  EXPECT_EQ(FieldAt("train.schedule.power").only, "train.schedule.name: polynomial");
  EXPECT_EQ(FieldAt("adapter.rho").only, "adapter.type: eva");
  EXPECT_EQ(FieldAt("data.columns.source").only, "data.task: translation");
  EXPECT_EQ(FieldAt("analyses[].alphas").only,
            "analyses[].type: barrier, convexity_gap, error_barrier");
  const Field text = FieldAt("data.columns.text");
  EXPECT_EQ(text.fallback, "text");
  // Whatever else the catalog has.
  EXPECT_THAT(text.exceptions, Contains("default question1 with data.task: qqp"));
  EXPECT_THAT(text.exceptions,
              Contains(AllOf(StartsWith("default sentence with data.task: "), HasSubstr("sst2"))));
  EXPECT_THAT(FieldAt("eval.goal").exceptions,
              ElementsAre(AllOf(StartsWith("default maximize with eval.metric: "),
                                HasSubstr("accuracy"), HasSubstr("f1"), Not(HasSubstr("loss")))));
  EXPECT_THAT(FieldAt("eval.metric").exceptions,
              ElementsAre(AllOf(StartsWith("one of loss"), HasSubstr("e2e, translation"))));
}

TEST(FieldsTest, DefaultsThatAreAnotherKeysSaySo) {
  EXPECT_EQ(FieldAt("eval.report").fallback, "that of eval.split");
  EXPECT_EQ(FieldAt("soups[].report").fallback, "that of eval.report");
  EXPECT_EQ(FieldAt("analyses[].batch_size").fallback, "that of eval.batch_size");
  EXPECT_EQ(FieldAt("early_stop.metric").fallback, "that of eval.metric");
}

TEST(FieldsTest, PathsMayBeThoseOfDiagnostics) {
  EXPECT_EQ(FieldPath("variants[3].adapter.r"), "adapter.r");
  EXPECT_EQ(FieldPath("variants[0].train.schedule.name"), "train.schedule.name");
  EXPECT_EQ(FieldPath("variants[0].train"), "variants[].train");
  EXPECT_EQ(FieldPath("data.splits.dev.from"), "data.splits.<split>.from");
  EXPECT_EQ(FieldPath("eval.generate.metrics[1].tokenize"), "eval.generate.metrics[].tokenize");
  EXPECT_EQ(FieldPath("seed5"), "seed5");
}

TEST(FieldsTest, ASectionListsItsKeys) {
  std::vector<std::string> paths;
  const auto schedule = Explain("train.schedule"), analyses = Explain("analyses");
  for (const Field& field : *schedule) paths.push_back(field.path);
  EXPECT_EQ(paths.front(), "train.schedule");
  EXPECT_EQ(paths.size(), 8u);
  const auto top = Explain("");
  EXPECT_EQ(top->front().path, "apiVersion");
  for (const Field& field : *top) EXPECT_EQ(field.path.find('.'), std::string::npos) << field.path;
  EXPECT_EQ((*analyses)[1].path, "analyses[].name");
}

TEST(FieldsTest, AnUnknownPathNamesTheNearest) {
  EXPECT_THAT(
      std::string(Message(Explain("train.lrr").status())),
      HasSubstr("there is no field \"train.lrr\" in a sweep file; did you mean \"train.lr\"?"));
  EXPECT_THAT(std::string(Message(Explain("label_smoothing").status())),
              HasSubstr("did you mean \"train.label_smoothing\"?"));
  EXPECT_THAT(std::string(Message(Explain("zzzzzzzzzz").status())),
              HasSubstr("lists the sections"));
}

TEST(FieldsTest, DiagnosticsSayWhereToRead) {
  const auto shown = [](const std::string& from, const std::string& to) {
    return Render(Parse(Replaced(SampleSweep(), from, to)).diagnostics, "sweep.yaml", false);
  };
  EXPECT_THAT(shown("lr: 1.0e-3", "lr: 1.0e-3, lerning_rate: 1"),
              HasSubstr("See: eidactl explain-field train\n"));
  EXPECT_THAT(shown("samples: 4", "sample: 4"), HasSubstr("See: eidactl explain-field analyses\n"));
  EXPECT_THAT(shown("seeds: 0..2", "seeds: 0..2\nsaplings: 3"),
              HasSubstr("See: eidactl explain-field\n"));
}

TEST(SchemaTest, SaysWhatTheFieldsSay) {
  const Json schema = SweepSchema();
  EXPECT_EQ(schema.at("additionalProperties"), false);
  const Json& train = schema.at("properties").at("train").at("properties");
  EXPECT_EQ(train.at("lr").at("maximum"), 100.0);
  EXPECT_EQ(train.at("precision").at("enum"), (Json{"fp32", "bf16", "fp16", nullptr}));
  const Json& metric = schema.at("properties").at("eval").at("properties").at("metric").at("enum");
  EXPECT_THAT(metric, testing::Contains(Json("matthews")));
  const Json& format = schema.at("properties").at("data").at("properties").at("format").at("enum");
  EXPECT_THAT(format, testing::IsSupersetOf({Json("e2e"), Json("csv")})) << "of every task";
  EXPECT_THAT(schema.at("required"), testing::Not(testing::Contains(Json("seeds"))));
  const Json& variant = schema.at("properties").at("variants").at("items").at("properties");
  EXPECT_EQ(variant.at("train").at("properties").at("lr"), train.at("lr"));
  EXPECT_TRUE(schema.at("properties")
                  .at("data")
                  .at("properties")
                  .at("splits")
                  .contains("additionalProperties"));
}

}  // namespace
}  // namespace eida::spec
