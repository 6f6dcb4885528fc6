// The options of every verb: where they may stand, and what the environment says instead.
#include <cstdlib>
#include <sstream>

#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;

class FlagsTest : public testing::Test {
 protected:
  // The options that a verb would be given.
  Options Parse(std::vector<std::string> arguments,
                const std::map<std::string, std::string>& env = {}) {
    Options seen;
    FakeApi api = DemoApi();
    for (const auto& [name, value] : env) setenv(name.c_str(), value.c_str(), 1);
    Context context;
    std::ostringstream out, err;
    context.out = &out;
    context.err = &err;
    context.connect = [&](const Options& options, Need) -> Result<std::unique_ptr<Session>> {
      seen = options;
      return Unavailable("only looking");
    };
    EXPECT_EQ(RunMain(context, std::move(arguments)), kUnreachable) << err.str();
    for (const auto& [name, value] : env) unsetenv(name.c_str());
    return seen;
  }
};

TEST_F(FlagsTest, TheyMayStandBeforeOrAfterTheVerb) {
  const std::vector<std::string> flags = {
      "--server",     "host:1", "-o",       "json",   "--color",      "never", "--timeout", "90s",
      "--token-file", "t",      "--cacert", "ca.pem", "--no-headers", "-q",    "-vv",       "-y"};
  std::vector<std::string> before = flags, after = {"status"};
  before.push_back("status");
  after.insert(after.end(), flags.begin(), flags.end());
  for (const std::vector<std::string>& arguments : {before, after}) {
    const Options o = Parse(arguments);
    EXPECT_EQ(o.server, "host:1");
    EXPECT_EQ(o.output, "json");
    EXPECT_EQ(o.color, "never");
    EXPECT_EQ(o.limit, Millis(90'000));
    EXPECT_EQ(o.token_file, "t");
    EXPECT_EQ(o.cacert, "ca.pem");
    EXPECT_TRUE(o.no_headers && o.quiet && o.yes);
    EXPECT_EQ(o.verbose, 2);
  }
}

TEST_F(FlagsTest, TheEnvironmentSaysTheSame) {
  const Options o = Parse({"status"}, {{"EIDA_SERVER", "env:1"},
                                       {"EIDA_OUTPUT", "csv"},
                                       {"EIDA_TOKEN_FILE", "tok"},
                                       {"EIDA_CACERT", "ca"},
                                       {"EIDA_TIMEOUT", "5s"}});
  EXPECT_EQ(o.server, "env:1");
  EXPECT_EQ(o.output, "csv");
  EXPECT_EQ(o.token_file, "tok");
  EXPECT_EQ(o.cacert, "ca");
  EXPECT_EQ(o.limit, Millis(5'000));
}

TEST_F(FlagsTest, AFlagIsStrongerThanTheEnvironment) {
  const Options o =
      Parse({"status", "--server", "flag:1", "-o", "table", "--timeout", "1m"},
            {{"EIDA_SERVER", "env:1"}, {"EIDA_OUTPUT", "csv"}, {"EIDA_TIMEOUT", "5s"}});
  EXPECT_EQ(o.server, "flag:1");
  EXPECT_EQ(o.output, "table");
  EXPECT_EQ(o.limit, Millis(60'000));
}

TEST_F(FlagsTest, NonsenseIsExitCode2AndNamesTheChoices) {
  FakeApi api = DemoApi();
  EXPECT_EQ(Program(api).Run({"status", "-o", "xml"}).code, kUsage);
  EXPECT_THAT(Program(api).Run({"status", "-o", "xml"}).err, HasSubstr("jsonl"));
  EXPECT_EQ(Program(api).Run({"status", "--color", "sometimes"}).code, kUsage);
  EXPECT_EQ(Program(api).Run({"status", "--timeout", "soon"}).code, kUsage);
  EXPECT_THAT(Program(api).Run({"status", "--timeout", "soon"}).err, HasSubstr("90s"));
  EXPECT_EQ(Program(api).Run({"status"}, {.env = {{"EIDA_OUTPUT", "xml"}}}).code, kUsage);
}

TEST_F(FlagsTest, VersionAndHelpAreDataWithExitCode0) {
  FakeApi api;
  EXPECT_THAT(Program(api).Run({"--version"}).out, HasSubstr(EIDA_VERSION));
  const Outcome help = Program(api).Run({"--help"});
  EXPECT_EQ(help.code, kOk);
  for (const VerbInfo& verb : AllVerbs()) EXPECT_THAT(help.out, HasSubstr(verb.help));
}

TEST_F(FlagsTest, WordsThatAreAlsoVerbsStayArguments) {
  FakeApi api = DemoApi();
  EXPECT_EQ(Program(api).Run({"get", "run"}).code, kOk);
  EXPECT_EQ(Program(api).Run({"get", "worker"}).code, kOk);
  EXPECT_EQ(Program(api).Run({"plot", "soup"}).code, kOk);
}

}  // namespace
}  // namespace eida::client
