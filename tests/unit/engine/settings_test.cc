// The train settings of a job's spec: what is wrong is named.
#include "worker/engine/train/settings.h"

#include <gmock/gmock.h>

#include "tests/unit/engine/tiny.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

TEST(SettingsTest, AllOfThemAreRead) {
  const Tiny tiny;
  const Job job = tiny.Train(
      {{"train",
        {{"batch_size", nullptr},
         {"batch_tokens", 4096},
         {"batching", "packed"},
         {"optimizer", {{"name", "adam"}, {"betas", {0.9, 0.98}}, {"eps", 1e-6}}},
         {"schedule",
          {{"name", "polynomial"}, {"power", 2}, {"lr_end", 1e-6}, {"restart", "epoch"}}},
         {"precision", "fp16"},
         {"label_smoothing", 0.1},
         {"normalise", "micro_batch"},
         {"gradient_checkpointing", true}}},
       {"eval", {{"every", {{"epochs", 1}}}, {"split", "select"}, {"metric", "f1"}}},
       {"early_stop", {{"patience", 3}, {"min_delta", 0.5}, {"min_epochs", 2}}}});
  const auto read = ReadTrainSettings(job);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->order.batch_tokens, 4096);
  EXPECT_EQ(read->order.batching, Batching::kPacked);
  EXPECT_EQ(read->order.seed, 1u);
  EXPECT_FALSE(read->optimizer.decoupled);
  EXPECT_EQ(read->optimizer.beta2, 0.98);
  EXPECT_EQ(read->schedule.name, ScheduleName::kPolynomial);
  EXPECT_EQ(read->schedule.power, 2);
  EXPECT_EQ(read->schedule.lr_end, 1e-6);
  EXPECT_TRUE(read->schedule.restarts);
  EXPECT_EQ(read->compute, at::kHalf);
  EXPECT_EQ(read->label_smoothing, 0.1);
  EXPECT_EQ(read->normalise, Normalise::kMicroBatch);
  EXPECT_TRUE(read->gradient_checkpointing);
  ASSERT_TRUE(read->early_stop.has_value());
  EXPECT_EQ(read->early_stop->patience, 3);
  EXPECT_EQ(read->early_stop->metric, "f1");
  EXPECT_TRUE(read->early_stop->maximize);
}

TEST(SettingsTest, WhatMakesNoSenseIsNamed) {
  const Tiny tiny;
  const Json evaluated = {{"every", {{"epochs", 1}}}, {"split", "select"}};
  struct Case {
    Json changes;
    std::string named;
  };
  for (const Case& c : std::vector<Case>{
           {{{"train", {{"optimizer", {{"name", "sgd"}}}}}}, "adamw, adam"},
           {{{"train", {{"schedule", {{"name", "step"}}}}}},
            "linear, polynomial, cosine, constant"},
           {{{"train", {{"schedule", {{"restart", "step"}}}}}}, "none, epoch"},
           {{{"train", {{"schedule", {{"name", "polynomial"}, {"power", 0}}}}}}, "power"},
           {{{"train", {{"schedule", {{"name", "polynomial"}, {"lr_end", 1}}}}}}, "lr_end"},
           {{{"train", {{"schedule", {{"name", "cosine"}, {"cycles", -1}}}}}}, "cycles"},
           {{{"train", {{"batching", "random"}}}}, "bucketed, padded, packed"},
           {{{"train", {{"batch_tokens", 100}}}}, "both batch_size and batch_tokens"},
           {{{"train", {{"batch_size", nullptr}, {"batch_tokens", 0}}}}, "batch_tokens"},
           {{{"train", {{"label_smoothing", 1}}}}, "label_smoothing"},
           {{{"train", {{"label_smoothing", -0.1}}}}, "label_smoothing"},
           {{{"train", {{"normalise", "token"}}}}, "update, micro_batch"},
           {{{"train", {{"precision", "fp8"}}}}, "fp32, bf16, fp16"},
           {{{"early_stop", {{"patience", 1}}}}, "eval.every"},
           {{{"eval", evaluated}, {"early_stop", {{"patience", 0}}}}, "patience"},
           {{{"eval", evaluated}, {"early_stop", {{"min_delta", -1}}}}, "min_delta"},
           {{{"eval", evaluated}, {"early_stop", {{"metric", "speed"}}}}, "speed"},
           {{{"eval", evaluated},
             {"data", {{"task", "e2e"}}},
             {"early_stop", {{"patience", 1}, {"metric", "matthews"}}}},
            "which the task e2e cannot give (it gives: loss, loss_smoothed)"},
           {{{"eval", evaluated}, {"early_stop", {{"patience", 1}, {"metric", "loss_smoothed"}}}},
            "needs eval.label_smoothing"}}) {
    const auto read = ReadTrainSettings(tiny.Train(c.changes));
    ASSERT_FALSE(read.ok()) << c.changes;
    EXPECT_EQ(ErrorClassOf(read.status()), "config") << c.changes;
    EXPECT_THAT(Message(read.status()), HasSubstr(c.named)) << c.changes;
  }
}

}  // namespace
}  // namespace eida::engine
