// The training options of a sweep file.
#include "common/spec/parse.h"
#include "gtest/gtest.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

// The sample with other keys in its `train`, and `rest` at its end.
std::string WithTrain(const std::string& keys, const std::string& rest = "") {
  return Replaced(SampleSweep(), "train: {epochs: 1, batch_size: 4, lr: 1.0e-3}",
                  "train: {epochs: 1, lr: 1.0e-3, " + keys + "}") +
         rest;
}

Json TrainOf(const std::string& text) {
  const ParseResult result = ParseSweep(text, "sweep.yaml", {});
  EXPECT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  return result.spec ? result.spec->variants[0].train : Json();
}

// "line:column code: message" of the only error.
std::string ErrorOf(const std::string& text) {
  const ParseResult result = ParseSweep(text, "sweep.yaml", {});
  std::string errors;
  for (const Diagnostic& d : result.diagnostics) {
    if (d.severity == Severity::kError)
      errors += std::to_string(d.line) + ":" + std::to_string(d.column) + " " + d.code + ": " +
                d.message + "\n";
  }
  return errors;
}

// Fingerprints of finished runs rest on it.
TEST(TrainingOptionsTest, AFileWithoutThemResolvesAsItEverDid) {
  EXPECT_EQ(Canonical(TrainOf(SampleSweep())),
            R"({"batch_size":4,"batching":"bucketed","dropout":null,"epochs":1.0,"grad_accum":1,)"
            R"("grad_clip":1.0,"lr":0.001,"optimizer":{"betas":[0.9,0.999],"eps":1e-08,)"
            R"("name":"adamw","weight_decay":0.0},"precision":"fp32",)"
            R"("schedule":{"name":"linear","warmup_ratio":0.0}})");
  const ParseResult result = ParseSweep(SampleSweep(), "sweep.yaml", {});
  EXPECT_FALSE(ToJson(*result.spec).contains("early_stop"));
  // What is written out as its default is not there either.
  EXPECT_EQ(TrainOf(WithTrain("batch_size: 4, label_smoothing: 0, normalise: update, "
                              "gradient_checkpointing: false, schedule: {restart: none}")),
            TrainOf(SampleSweep()));
}

TEST(TrainingOptionsTest, TheEnRoSettings) {
  const Json train = TrainOf(WithTrain(
      "batch_tokens: 4096, batching: packed, grad_accum: 4, optimizer: {name: adam, betas: [0.9, "
      "0.98], eps: 1.0e-6, weight_decay: 0.01}, schedule: {name: polynomial}, precision: fp16, "
      "label_smoothing: 0.1, normalise: micro_batch, gradient_checkpointing: true"));
  EXPECT_EQ(train["batch_tokens"], 4096);
  EXPECT_FALSE(train.contains("batch_size"));
  EXPECT_EQ(train["batching"], "packed");
  EXPECT_EQ(train["optimizer"]["name"], "adam");
  EXPECT_EQ(train["schedule"]["power"], 1.0);
  EXPECT_EQ(train["schedule"]["lr_end"], 1e-7);
  EXPECT_EQ(train["precision"], "fp16");
  EXPECT_EQ(train["label_smoothing"], 0.1);
  EXPECT_EQ(train["normalise"], "micro_batch");
  EXPECT_EQ(train["gradient_checkpointing"], true);
}

TEST(TrainingOptionsTest, NoStepsNeedNoRate) {
  const auto with = [](const std::string& train) {
    return Replaced(SampleSweep(), "train: {epochs: 1, batch_size: 4, lr: 1.0e-3}",
                    "train: {" + train + "}");
  };
  EXPECT_EQ(TrainOf(with("steps: 0"))["steps"], 0);
  EXPECT_NE(ErrorOf(with("steps: 1")).find("missing key \"lr\""), std::string::npos);
  EXPECT_NE(ErrorOf(with("steps: -1")).find("range"), std::string::npos);
}

TEST(TrainingOptionsTest, SchedulesHaveTheirOwnKeys) {
  const Json cosine = TrainOf(WithTrain("schedule: {name: cosine, restart: epoch}"))["schedule"];
  EXPECT_EQ(cosine["cycles"], 0.5);
  EXPECT_EQ(cosine["restart"], "epoch");
  EXPECT_FALSE(cosine.contains("power"));
}

TEST(TrainingOptionsTest, MistakesAreNamedWithTheirPlace) {
  struct Case {
    std::string keys, expected;
  };
  for (const Case& c : std::vector<Case>{
           {"batch_size: 4, batch_tokens: 100", "13:61 range: give either \"batch_size\" or"},
           {"batch_tokens: 0", "13:46 range: \"variants[0].train.batch_tokens\" is 0"},
           {"batching: random", "13:42 enum: "},
           {"optimizer: {name: sgd}", "13:50 enum: "},
           {"schedule: {name: step}", "13:49 enum: "},
           {"schedule: {name: linear, power: 2}", "13:57 unknown-key: unknown key \"power\""},
           {"schedule: {name: polynomial, lr_end: 1}", "13:69 range: "},
           {"schedule: {name: cosine, cycles: 0}", "13:65 range: "},
           {"schedule: {restart: step}", "13:52 enum: "},
           {"precision: fp8", "13:43 enum: "},
           {"label_smoothing: 1", "13:49 range: "},
           {"normalise: token", "13:43 enum: "},
           {"gradient_checkpointing: yes", "13:56 type: "},
           {"gradient_checkpoint: true", "did you mean \"gradient_checkpointing\"?"}}) {
    const std::string error = ErrorOf(WithTrain(c.keys));
    EXPECT_NE(error.find(c.expected), std::string::npos) << c.keys << "\n" << error;
  }
}

TEST(EarlyStopTest, HasItsDefaultsAndNeedsEvaluations) {
  const std::string evaluated =
      Replaced(SampleSweep(), "eval: {metric", "eval: {every: {epochs: 1}, metric");
  const ParseResult result =
      ParseSweep(evaluated + "early_stop: {patience: 3}\n", "sweep.yaml", {});
  ASSERT_TRUE(result.spec.has_value()) << Render(result.diagnostics, "sweep.yaml", false);
  EXPECT_EQ(result.spec->early_stop["patience"], 3);
  EXPECT_EQ(result.spec->early_stop["min_delta"], 0.0);
  EXPECT_EQ(result.spec->early_stop["metric"], "accuracy");
  EXPECT_EQ(ToJson(*result.spec)["early_stop"], result.spec->early_stop);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].code, "unequal-length");
  EXPECT_NE(ErrorOf(SampleSweep() + "early_stop: {patience: 3}\n").find("needs \"eval.every\""),
            std::string::npos);
  EXPECT_NE(ErrorOf(evaluated + "early_stop: {min_delta: 1}\n").find("missing key \"patience\""),
            std::string::npos);
  EXPECT_NE(ErrorOf(evaluated + "early_stop: {patience: 0}\n").find("range"), std::string::npos);
  EXPECT_NE(ErrorOf(evaluated + "early_stop: {patience: 1, metric: speed}\n").find("enum"),
            std::string::npos);
}

}  // namespace
}  // namespace eida::spec
