// Every .flow file in tests/flow/scenarios is one test, named after the file.
#include "tests/flow/flow.h"

#include <gtest/gtest.h>

#include "common/base/fs.h"

namespace eida::testing {
namespace {

const std::string kScenarios = std::string(EIDA_SOURCE_DIR) + "/tests/flow/scenarios";

std::vector<std::string> Scenarios() {
  std::vector<std::string> names;
  const Result<std::vector<std::string>> files = ListDir(kScenarios);
  for (const std::string& file : files.ok() ? *files : std::vector<std::string>{}) {
    if (file.size() > 5 && file.substr(file.size() - 5) == ".flow")
      names.push_back(file.substr(0, file.size() - 5));
  }
  return names;
}

class ScenarioTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ScenarioTest, HoldsFromItsFirstLineToItsLast) {
  const std::string file = GetParam() + ".flow";
  const Result<std::string> text = ReadFile(JoinPath(kScenarios, file));
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(RunFlow("tests/flow/scenarios/" + file, *text), "");
}

INSTANTIATE_TEST_SUITE_P(Flow, ScenarioTest, ::testing::ValuesIn(Scenarios()),
                         [](const auto& info) { return info.param; });

TEST(FlowTest, ThereAreScenarios) { EXPECT_GE(Scenarios().size(), 20u); }

constexpr char kOneJob[] = "submit s1\n  train a\nworker w1\n";

TEST(FlowTest, AWrongExpectationNamesFileAndLine) {
  EXPECT_EQ(RunFlow("x.flow", std::string(kOneJob) + "\nexpect s1/a running\n"),
            "x.flow:5: s1/a: expected running, but it is leased");
}

TEST(FlowTest, AWrongLeaseSaysWhatTheWorkerHolds) {
  EXPECT_EQ(RunFlow("x.flow", std::string(kOneJob) + "expect idle w1"),
            "x.flow:4: w1: expected idle, but it is s1/a");
}

TEST(FlowTest, AWrongVerdictIsFound) {
  EXPECT_EQ(RunFlow("x.flow", std::string(kOneJob) + "finish w1 s1/a expect refused"),
            "x.flow:4: the report: expected refused, but it is accepted");
}

TEST(FlowTest, AnUnknownWordIsAnErrorWithItsLine) {
  EXPECT_EQ(
      RunFlow("x.flow", "# nothing\nfly w1 s1/a\n"),
      "x.flow:2: \"fly\" is no command (or has the wrong number of words); README.md lists them");
}

TEST(FlowTest, AnUnknownJobIsAnErrorWithItsLine) {
  EXPECT_EQ(RunFlow("x.flow", std::string(kOneJob) + "start w1 s1/b"), "x.flow:4: no job \"s1/b\"");
}

}  // namespace
}  // namespace eida::testing
