#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class GetTest : public testing::Test {
 protected:
  Outcome Get(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "get");
    return Program(api_).Run(arguments);
  }
  // One field of each item of `-o json`.
  std::vector<std::string> Items(std::vector<std::string> arguments, const std::string& field) {
    arguments.insert(arguments.end(), {"-o", "json"});
    std::vector<std::string> values;
    for (const Json& item : Get(arguments).json().value("items", Json::array()))
      values.push_back(item.at(field).is_string() ? item.at(field).get<std::string>()
                                                  : item.at(field).dump());
    return values;
  }
  FakeApi api_ = DemoApi();
};

TEST_F(GetTest, EveryKindListsWhatThereIsAndHasAShortName) {
  const std::map<std::string, std::pair<std::string, size_t>> kinds = {
      {"sweeps", {"sw", 2}}, {"runs", {"r", 4}},         {"jobs", {"j", 17}},
      {"workers", {"w", 1}}, {"checkpoints", {"ck", 1}}, {"analyses", {"an", 2}},
      {"soups", {"so", 2}},  {"models", {"m", 1}},       {"datasets", {"ds", 1}},
      {"events", {"ev", 1}}};
  for (const auto& [name, expected] : kinds) {
    for (const std::string& word : {name, expected.first}) {
      const Outcome outcome = Get({word, "-o", "json"});
      EXPECT_EQ(outcome.code, kOk) << word << ": " << outcome.err;
      EXPECT_EQ(outcome.json().at("items").size(), expected.second) << word;
    }
    EXPECT_EQ(Get({name, "-o", "csv"}).csv().size(), expected.second + 1) << name;
    EXPECT_EQ(Get({name, "-o", "jsonl"}).lines().size(), expected.second) << name;
  }
}

TEST_F(GetTest, RunsAreThoseOfTheNewestSweepWithStateAndMetric) {
  const Json items = Get({"runs", "-o", "json"}).json().at("items");
  EXPECT_EQ(items[0].at("name"), "full/seed0");
  EXPECT_EQ(items[0].at("state"), "succeeded");
  EXPECT_EQ(items[0].at("value"), 0.8);
  EXPECT_EQ(items[3].at("state"), "failed");
  EXPECT_TRUE(items[3].at("value").is_null());
  EXPECT_THAT(Get({"runs"}).out, HasSubstr("SELECT ACCURACY"));
}

TEST_F(GetTest, ASelectionNarrowsRuns) {
  EXPECT_THAT(Items({"runs", "variant~lora-*"}, "name"),
              ElementsAre("lora-r8/seed0", "lora-r8/seed1"));
  EXPECT_THAT(Items({"runs", "s2/variant=full,seed<1"}, "name"), ElementsAre("full/seed0"));
  EXPECT_THAT(Items({"runs", "-s", "state=failed"}, "name"), ElementsAre("lora-r8/seed1"));
  EXPECT_THAT(Items({"runs", "seed=1", "-s", "lora"}, "name"), ElementsAre("lora-r8/seed1"));
}

TEST_F(GetTest, ASelectionOfJobsIsByTheirRun) {
  EXPECT_THAT(Items({"jobs", "variant=full,seed=0"}, "id"), ElementsAre("11", "21", "24", "51"));
  EXPECT_THAT(Items({"jobs", "-s", "state=failed"}, "id"), ElementsAre("14"));
  EXPECT_THAT(Items({"jobs", "-s", "soup/"}, "id"), ElementsAre("41", "42"));
  EXPECT_THAT(Items({"jobs", "s2/full/seed1"}, "id"), ElementsAre("12", "22", "25"));
}

TEST_F(GetTest, SeveralSweepsAreListedTogetherAndToldApart) {
  const Outcome outcome = Get({"runs", "all", "-o", "name"});
  EXPECT_THAT(outcome.out, HasSubstr("s1/full/seed0\n"));
  EXPECT_THAT(outcome.out, HasSubstr("s2/full/seed0\n"));
}

TEST_F(GetTest, AnUnknownRunIsExitCode3WithASuggestion) {
  const Outcome outcome = Get({"runs", "lora-r8/seed7"});
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"lora-r8/seed0\"?"));
}

TEST_F(GetTest, AnUnknownKindIsExitCode2WithASuggestion) {
  const Outcome outcome = Get({"rusn"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"runs\"?"));
}

TEST_F(GetTest, AWrongFieldInASelectionIsExitCode2WithASuggestion) {
  const Outcome outcome = Get({"runs", "varient=full"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean \"variant\"?"));
}

TEST_F(GetTest, NoHeadersIsForTablesAndCsv) {
  EXPECT_THAT(Get({"runs", "--no-headers"}).out, Not(HasSubstr("VARIANT")));
  EXPECT_EQ(Get({"runs", "-o", "csv", "--no-headers"}).csv().size(), 4u);
}

TEST_F(GetTest, NothingThereIsAnEmptyListOfSweepsAndAnAdviceElsewhere) {
  api_ = FakeApi();
  EXPECT_EQ(Get({"sweeps", "-o", "json"}).json().at("items").size(), 0u);
  const Outcome outcome = Get({"runs", "all"});
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err, HasSubstr("eidactl run sweep.yaml"));
}

TEST_F(GetTest, ModelsAndDatasetsNameTheirSweeps) {
  const Json model = Get({"models", "-o", "json"}).json().at("items")[0];
  EXPECT_EQ(model.at("path"), "models/tiny");
  EXPECT_EQ(model.at("architecture"), "bert");
  const Json data = Get({"datasets", "-o", "json"}).json().at("items")[0];
  EXPECT_EQ(data.at("file"), "reviews.tsv");
  EXPECT_EQ(data.at("sweeps"), Json::array({"s1", "s2"}));
}

}  // namespace
}  // namespace eida::client
