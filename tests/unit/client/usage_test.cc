#include "client/usage.h"

#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;

class UsageTest : public testing::Test {
 protected:
  Outcome Run(const std::vector<std::string>& arguments) { return Program(api_).Run(arguments); }
  FakeApi api_ = DemoApi();
};

TEST_F(UsageTest, AnUnknownVerbGetsTheNearestOne) {
  for (const auto& [typed, meant] : std::map<std::string, std::string>{
           {"sumary", "summary"}, {"heatmpa", "heatmap"}, {"wiat", "wait"}}) {
    const Outcome outcome = Run({"--server", "host:1", typed, "s2"});
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_THAT(outcome.err,
                HasSubstr("there is no verb \"" + typed + "\"; did you mean \"" + meant + "\"?"));
    EXPECT_THAT(outcome.err, HasSubstr("See: eidactl --help"));
  }
}

TEST_F(UsageTest, AnUnknownOptionGetsTheNearestOneOfTheVerbOrTheProgram) {
  EXPECT_THAT(Run({"heatmap", "--metrc", "cka"}).err, HasSubstr("did you mean \"--metric\"?"));
  EXPECT_THAT(Run({"heatmap", "--sever", "x"}).err, HasSubstr("did you mean \"--server\"?"));
  EXPECT_THAT(Run({"heatmap", "--metrc", "cka"}).err, HasSubstr("See: eidactl heatmap --help"));
}

TEST_F(UsageTest, NoVerbListsThem) {
  const Outcome outcome = Run({});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("a verb is needed: run, submit"));
}

TEST_F(UsageTest, AMissingArgumentIsNamed) {
  const Outcome outcome = Run({"describe"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("WHAT"));
}

TEST_F(UsageTest, UsageErrorsAreJsonWhenJsonIsAskedFor) {
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{
           {"-o", "json"}, {"--output=json"}, {"-ojson"}, {"--output", "jsonl"}}) {
    std::vector<std::string> arguments = {"sumary"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_EQ(outcome.json().at("error").at("exit_code"), 2);
  }
  EXPECT_EQ(Run({"sumary"}).out, "");
  EXPECT_NE(Program(api_).Run({"sumary"}, {.env = {{"EIDA_OUTPUT", "json"}}}).out, "");
}

TEST(DurationTest, TakesUnitsAndRefusesTheRest) {
  for (const char* good : {"90s", "10m", "1h30m", "500ms"}) EXPECT_EQ(IsDuration(good), "");
  for (const char* bad : {"", "90", "-1s", "soon", "0s"}) EXPECT_NE(IsDuration(bad), "") << bad;
}

}  // namespace
}  // namespace eida::client
