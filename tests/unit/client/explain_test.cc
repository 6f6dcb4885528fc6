// What this version knows, and what keys of sweep files mean.
#include "common/catalog/catalog.h"
#include "gmock/gmock.h"
#include "tests/unit/client/program.h"

namespace eida::client {
namespace {

using ::testing::HasSubstr;

Outcome Told(const std::vector<std::string>& arguments) {
  FakeApi api;
  return Program(api).Run(arguments);
}

TEST(ListTest, EveryTableHasEveryLine) {
  const auto names = [](const std::string& what) {
    std::vector<std::string> lines;
    std::istringstream text(Told({"list", what, "-o", "name"}).out);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  };
  EXPECT_EQ(names("tasks"), catalog::Ids(catalog::Tasks()));
  EXPECT_EQ(names("models"), catalog::Ids(catalog::Models()));
  EXPECT_EQ(names("adapters"), catalog::Ids(catalog::Adapters()));
  EXPECT_EQ(names("analyses"), catalog::Ids(catalog::Analyses()));
  EXPECT_EQ(names("analysis_presets"), catalog::Ids(catalog::AnalysisPresets()));
  EXPECT_EQ(names("soups"), catalog::Ids(catalog::SoupMethods()));
  EXPECT_EQ(names("formats"), catalog::Ids(catalog::Formats()));
  std::vector<std::string> metrics = catalog::Ids(catalog::Metrics());
  for (const std::string& id : catalog::Ids(catalog::GenerationMetrics())) metrics.push_back(id);
  EXPECT_EQ(names("metrics"), metrics);
}

TEST(ListTest, WhatThereIsNoListOfIsNamed) {
  const Outcome outcome = Told({"list", "task"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("there is no list of \"task\"; did you mean \"tasks\"?"));
}

TEST(ExplainFieldTest, SaysTypeDefaultConditionAndExample) {
  EXPECT_EQ(Told({"explain-field", "train.schedule.power"}).out,
            "train.schedule.power: of the polynomial\n"
            "  value       a number, between 1e-06 and 1000\n"
            "  default     1\n"
            "  only with   train.schedule.name: polynomial\n"
            "  example     power: 1\n");
  const Json json = Told({"explain-field", "eval.report", "-o", "json"}).json();
  EXPECT_EQ(json.at("items")[0].at("default"), "that of eval.split");
  EXPECT_EQ(json.at("items").size(), 1u);
}

TEST(ExplainFieldTest, ASectionListsItsKeysAndAnUnknownOneIsNotFound) {
  EXPECT_THAT(Told({"explain-field", "early_stop"}).out,
              HasSubstr("Keys:\n  early_stop.patience    evaluations in a row"));
  EXPECT_THAT(Told({"explain-field"}).out, HasSubstr("  variants      training configurations"));
  const Outcome outcome = Told({"explain-field", "train.lerning_rate"});
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err, HasSubstr("there is no field \"train.lerning_rate\""));
}

}  // namespace
}  // namespace eida::client
