#include "client/completion.h"

#include "common/base/fs.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"
#include "tests/unit/client/program.h"

namespace eida::client {
namespace {

using testing::HasSubstr;

std::string Script(const std::string& shell) {
  FakeApi api;
  return Program(api).Run({"completion", shell}).out;
}

// Every verb and flag of the program itself, as the parser has them.
class CompletionTest : public testing::TestWithParam<const char*> {};

TEST_P(CompletionTest, NamesEveryVerbAndEveryFlag) {
  const std::string shell = GetParam(), script = Script(shell);
  CLI::App app;
  Context context;
  BuildApp(app, context);
  int flags = 0;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    EXPECT_THAT(script, HasSubstr(verb->get_name()));
    for (const CLI::App* level : {verb, static_cast<const CLI::App*>(&app)}) {
      for (const CLI::Option* option : level->get_options()) {
        for (const std::string& name : option->get_lnames()) {
          EXPECT_THAT(script, HasSubstr(shell == "fish" ? "-l " + name : "--" + name));
          ++flags;
        }
        for (const std::string& name : option->get_snames())
          EXPECT_THAT(script, HasSubstr(shell == "fish" ? "-s " + name : "-" + name));
      }
    }
  }
  EXPECT_GT(flags, 200);
}

INSTANTIATE_TEST_SUITE_P(Shells, CompletionTest, testing::Values("bash", "zsh", "fish"));

// What bash offers for a command line; the last word is the one being typed.
std::string Offered(const std::vector<std::string>& words) {
  const TempDir dir;
  const std::string path = JoinPath(dir.path(), "complete.sh"), out = JoinPath(dir.path(), "out");
  EXPECT_TRUE(WriteFileAtomic(path, Script("bash") + "COMP_WORDS=(" + Join(words, " ") +
                                        (words.back().empty() ? " ''" : "") +
                                        ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) +
                                        "\n_eidactl\necho \"${COMPREPLY[*]}\"\n")
                  .ok());
  SubprocessOptions options;
  options.argv = {"/bin/bash", path};
  options.stdout_path = out;
  options.stderr_path = out + ".err";
  Result<Subprocess> bash = Subprocess::Start(options);
  EXPECT_TRUE(bash.ok());
  if (!bash.ok()) return "";
  bash->Wait();
  EXPECT_EQ(*ReadFile(out + ".err"), "");
  return *ReadFile(out);
}

TEST(BashTest, OffersVerbsFlagsAndChoices) {
  EXPECT_EQ(Offered({"eidactl", "heat"}), "heatmap\n");
  EXPECT_EQ(Offered({"eidactl", "heatmap", "--met"}), "--metric\n");
  EXPECT_EQ(Offered({"eidactl", "heatmap", "--serv"}), "--server\n");
  EXPECT_EQ(Offered({"eidactl", "-o", "jso"}), "json jsonl\n");
  EXPECT_EQ(Offered({"eidactl", "heatmap", "--annot", "o"}), "on off\n");
  EXPECT_EQ(Offered({"eidactl", "get", "wor"}), "workers\n");
  EXPECT_EQ(Offered({"eidactl", "fetch", "rob"}), "roberta-base\n");
  EXPECT_EQ(Offered({"eidactl", "plot", ""}), "curves path soup observation\n");
}

TEST(CompletionWordsTest, ChoicesComeFromTheChecks) {
  CLI::App app;
  Context context;
  BuildApp(app, context);
  for (const VerbWords& verb : WordsOf(app)) {
    if (verb.name == "completion") {
      EXPECT_THAT(verb.choices, testing::ElementsAre("bash", "zsh", "fish"));
    }
  }
}

}  // namespace
}  // namespace eida::client
