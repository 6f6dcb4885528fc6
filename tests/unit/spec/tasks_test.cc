// What each task of the catalog brings with it, and metrics of items.
#include "common/catalog/catalog.h"
#include "gmock/gmock.h"
#include "tests/unit/spec/reading.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

using ::testing::HasSubstr;

// A sweep of that task that says nothing more about its data.
std::string Plain(const std::string& task, const std::string& eval = "split: select") {
  return Replaced(
      Replaced(SampleSweep(), "  task: classification\n  format: tsv\n", "  task: " + task + "\n"),
      "eval: {metric: accuracy, split: select}", "eval: {" + eval + "}");
}

class TaskSweepTest : public testing::TestWithParam<catalog::Task> {};

TEST_P(TaskSweepTest, ItsNameIsEnough) {
  const ParseResult result = Parse(Plain(GetParam().id));
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  EXPECT_EQ(result.spec->data.format, GetParam().formats.front());
  EXPECT_EQ(result.spec->data.text, GetParam().columns.front().name);
}

TEST_P(TaskSweepTest, ChoosesByEveryMetricThatItGives) {
  for (const catalog::Metric& metric : catalog::Metrics()) {
    const std::string smoothing = metric.of_smoothing ? ", label_smoothing: 0.1" : "";
    const std::string sweep =
        Plain(GetParam().id, "split: select, metric: " + metric.id + smoothing);
    if (!catalog::Gives(GetParam(), metric)) {
      EXPECT_THAT(Only(sweep, "enum").message,
                  HasSubstr("\"eval.metric\" is \"" + metric.id + "\", expected one of: loss"));
      EXPECT_GT(Only(sweep, "enum").line, 0);
      continue;
    }
    const ParseResult result = Parse(sweep);
    ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
    EXPECT_EQ(result.spec->eval["goal"], metric.maximize ? "maximize" : "minimize");
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, TaskSweepTest, testing::ValuesIn(catalog::Tasks()),
                         [](const auto& info) { return info.param.id; });

TEST(TasksTest, GlueColumnsAreDefaultsThatAFileMayRename) {
  const DataSpec qqp = Parse(Plain("qqp")).spec->data;
  EXPECT_EQ(qqp.text, "question1");
  EXPECT_EQ(qqp.text_pair, "question2");
  EXPECT_EQ(qqp.label, "is_duplicate");
  const DataSpec sst2 = Parse(Plain("sst2")).spec->data;
  EXPECT_EQ(sst2.text, "sentence");
  EXPECT_EQ(sst2.text_pair, "");
  EXPECT_EQ(sst2.label, "label");
  const DataSpec renamed =
      Parse(Plain("qqp\n  format: csv\n  columns: {text: a, text_pair: b}")).spec->data;
  EXPECT_EQ(renamed.text, "a");
  EXPECT_EQ(renamed.text_pair, "b");
  EXPECT_EQ(renamed.label, "is_duplicate");
  EXPECT_EQ(renamed.format, "csv");
}

TEST(TasksTest, AHeadOfOtherLabelsThanTheTasksIsNamed) {
  const std::string three = Replaced(Plain("qqp"), "labels: 2", "labels: 3");
  const Diagnostic d = Only(three, "range");
  EXPECT_EQ(d.message,
            "the task qqp has 2 labels (different, duplicate), and "
            "\"model.head.classification.labels\" is 3");
  EXPECT_EQ(d.line, 4);
  EXPECT_TRUE(Parse(Replaced(three, "task: qqp", "task: classification")).spec.has_value());
}

TEST(TasksTest, ASplitThatThereIsNotIsNamedWhereverItStands) {
  const auto at = [](const std::string& from, const std::string& to) {
    const Diagnostic d = Only(Replaced(SampleSweep(), from, to), "bad-reference");
    EXPECT_THAT(d.message, HasSubstr("is not defined in data.splits (have: train, select); did you "
                                     "mean \"select\"?"));
    return std::to_string(d.line) + ":" + std::to_string(d.column);
  };
  EXPECT_EQ(at("split: select}", "split: selekt}"), "19:33");
  EXPECT_EQ(at("split: select}", "split: select, report: selekt}"), "19:49");
  EXPECT_EQ(at("type: cka,", "type: cka, split: selekt,"), "21:35");
  EXPECT_EQ(at("type: greedy,", "type: greedy, report: selekt,"), "25:42");
}

TEST(TasksTest, ASmoothedLossNeedsToKnowByHowMuch) {
  const Diagnostic d = Only(Plain("sst2", "split: select, metric: loss_smoothed"), "bad-reference");
  EXPECT_THAT(d.message, HasSubstr("\"eval.metric\" is loss_smoothed, which needs "
                                   "\"eval.label_smoothing\""));
  const SweepSpec spec =
      *Parse(Plain("sst2", "split: select, metric: loss_smoothed, label_smoothing: 0.1")).spec;
  EXPECT_EQ(spec.eval["label_smoothing"], 0.1);
  EXPECT_FALSE(Parse(Plain("sst2")).spec->eval.contains("label_smoothing"))
      << "specs without it keep their fingerprints";
  Only(Plain("sst2", "split: select, label_smoothing: 1"), "range");
  const std::string stop = "\nearly_stop: {patience: 1, metric: loss_smoothed}\nanalyses:";
  EXPECT_EQ(Only(Replaced(Plain("sst2", "split: select, every: {epochs: 1}"), "\nanalyses:", stop),
                 "bad-reference")
                .line,
            19);
}

}  // namespace
}  // namespace eida::spec
