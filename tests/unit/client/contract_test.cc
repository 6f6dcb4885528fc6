// What every verb of commands.def keeps, without a test of its own. A new verb gets one line in
// kSamples.
#include <set>

#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

// A command line of the verb that works on the demo; FILE is a sweep file, DIR a folder to write.
const std::map<std::string, std::vector<std::string>> kSamples = {
    {"run", {"FILE", "--results", "DIR"}},
    {"submit", {"FILE"}},
    {"fetch", {"--list"}},
    {"new", {"data", "sentiment", "--rows", "40", "-O", "DIR"}},
    {"validate", {"FILE"}},
    {"preview", {"FILE"}},
    {"list", {"tasks"}},
    {"explain-field", {"train.lr"}},
    {"schema", {}},
    {"get", {"runs"}},
    {"describe", {"s2"}},
    {"watch", {"s2"}},
    {"wait", {"s2"}},
    {"logs", {"full/seed0"}},
    {"cancel", {"s2"}},
    {"retry", {"s2"}},
    {"summary", {}},
    {"heatmap", {"--metric", "cka"}},
    {"plot", {"path"}},
    {"soup", {}},
    {"texts", {"full/seed0"}},
    {"report", {"s2", "-O", "DIR"}},
    {"export", {"run", "full/seed0", "-O", "DIR/model"}},
    {"worker", {"list"}},
    {"status", {}},
    {"completion", {"bash"}},
    {"version", {}},
};

class ContractTest : public testing::TestWithParam<VerbInfo> {
 protected:
  std::vector<std::string> Sample() {
    std::vector<std::string> arguments = {GetParam().name};
    const auto sample = kSamples.find(GetParam().name);
    EXPECT_NE(sample, kSamples.end()) << "give " << GetParam().name << " a line in kSamples";
    if (sample == kSamples.end()) return arguments;
    for (std::string argument : sample->second) {
      if (argument == "FILE") argument = files_.sweep();
      if (argument.rfind("DIR", 0) == 0) argument = files_.Path("out") + argument.substr(3);
      arguments.push_back(argument);
    }
    return arguments;
  }
  Outcome RunSample(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = Sample();
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Program(api_).Run(arguments);
  }
  FakeApi api_ = DemoApi();
  StudyFiles files_;
};

TEST_P(ContractTest, HelpSaysWhatItDoes) {
  const Outcome outcome = Program(api_).Run({GetParam().name, "--help"});
  EXPECT_EQ(outcome.code, kOk);
  EXPECT_NE(outcome.out.find(GetParam().help), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("Usage"), std::string::npos);
  EXPECT_EQ(outcome.err, "");
}

TEST_P(ContractTest, TheTableIsOnStdoutAndSomethingIsThere) {
  const Outcome outcome = RunSample({});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_NE(outcome.out, "");
  EXPECT_EQ(outcome.out.find("\033"), std::string::npos) << "colours without a terminal";
  EXPECT_EQ(outcome.out.find("next:"), std::string::npos) << "advice is for stderr";
}

TEST_P(ContractTest, JsonIsOneDocumentWithVersionAndKind) {
  const Outcome outcome = RunSample({"-o", "json"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  const Json json = outcome.json();
  EXPECT_EQ(json.value("apiVersion", ""), "eida/v1");
  EXPECT_NE(json.value("kind", ""), "");
  if (json.value("kind", "").ends_with("List")) {
    EXPECT_TRUE(json.at("items").is_array());
  }
}

TEST_P(ContractTest, JsonlIsAnObjectALine) {
  const Outcome outcome = RunSample({"-o", "jsonl"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_FALSE(outcome.lines().empty());
  for (const Json& line : outcome.lines()) EXPECT_TRUE(line.is_object());
}

TEST_P(ContractTest, CsvHasAHeaderAndRowsOfOneLength) {
  const Outcome outcome = RunSample({"-o", "csv"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  if (GetParam().name == "completion") return;  // its one field is a script with quotes
  EXPECT_FALSE(outcome.csv().empty());
}

TEST_P(ContractTest, AnUnreachableCoordinatorIsExitCode6) {
  Program program(api_);
  program.connect_failure = Unavailable("coordinator 127.0.0.1:7070: connection refused");
  static const std::set<std::string> kAlone = {"completion", "explain-field", "fetch",
                                               "list",       "new",           "preview",
                                               "schema",     "validate",      "version"};
  const bool alone = kAlone.count(GetParam().name) > 0;
  const std::vector<std::string> arguments = Sample();
  const Outcome outcome = program.Run(arguments);
  EXPECT_EQ(outcome.code, alone ? kOk : kUnreachable) << outcome.err;
  if (!alone) {
    EXPECT_NE(outcome.err.find("error: coordinator 127.0.0.1:7070"), std::string::npos);
  }
}

TEST_P(ContractTest, QuietSaysNothingOnStderr) {
  const Outcome outcome = RunSample({"-q"});
  EXPECT_EQ(outcome.code, kOk);
  EXPECT_EQ(outcome.err, "");
}

INSTANTIATE_TEST_SUITE_P(Verbs, ContractTest, testing::ValuesIn(AllVerbs()), [](const auto& info) {
  std::string name = info.param.name;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace eida::client
