// `eidactl fetch` as far as it goes without a server; with one: tests/unit/fetch and tests/e2e.
#include "client/fetch/fetch.h"

#include <algorithm>

#include "client/transfer_display.h"
#include "common/base/fs.h"
#include "common/spec/parse.h"
#include "tests/unit/client/program.h"

namespace eida::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Outcome Eidactl(const std::vector<std::string>& arguments, const Surroundings& around = {}) {
  FakeApi api;
  return Program(api).Run(arguments, around);
}

TEST(FetchVerbTest, TheListHasSizeAndLicence) {
  const Outcome outcome = Eidactl({"fetch", "--list", "-o", "json"});
  EXPECT_EQ(outcome.code, kOk);
  const Json items = outcome.json().at("items");
  bool seen = false;
  for (const Json& item : items) {
    if (item.at("name") != "gpt2") continue;
    seen = true;
    EXPECT_EQ(item.at("licence"), "MIT");
    EXPECT_EQ(item.at("files")[0].at("size"), 548105171);
  }
  EXPECT_TRUE(seen);
  EXPECT_THAT(Eidactl({"fetch", "--list", "-o", "wide"}).out,
              AllOf(HasSubstr("none published"), HasSubstr("https://dl.fbaipublicfiles.com/")));
}

TEST(FetchVerbTest, WithoutANameItSaysWhereNamesAre) {
  const Outcome outcome = Eidactl({"fetch"});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("eidactl fetch --list"));
}

TEST(FetchVerbTest, HelpHasExamples) {
  EXPECT_THAT(Eidactl({"fetch", "--help"}).out,
              AllOf(HasSubstr("Examples:"), HasSubstr("HF_TOKEN"), HasSubstr("hf:")));
}

TEST(FetchVerbTest, WhatTheEnvironmentSaysIsChecked) {
  const TempDir dir;
  const std::vector<std::string> fetch = {"fetch", "hf:o/n", "-O", JoinPath(dir.path(), "n")};
  const auto with = [&](const std::string& name, const std::string& value) {
    Surroundings around;
    around.env[name] = value;
    return Eidactl(fetch, around);
  };
  const Outcome plain = with("HF_ENDPOINT", "http://example.org");
  EXPECT_EQ(plain.code, kUsage);
  EXPECT_THAT(plain.err, AllOf(HasSubstr("HF_ENDPOINT"), HasSubstr("only https")));
  EXPECT_EQ(with("EIDA_FETCH_MIRROR", "ftp://x").code, kUsage);
  const Outcome token = with("HF_TOKEN", "hf_a\r\nX-Evil: 1");
  EXPECT_EQ(token.code, kUsage);
  EXPECT_THAT(token.err, AllOf(HasSubstr("HF_TOKEN"), Not(HasSubstr("Evil"))));
  EXPECT_FALSE(FileExists(JoinPath(dir.path(), "n")));
}

TEST(FetchVerbTest, TheLinesThatItPrintsAreASweepFiles) {
  for (const fetch::Source& source : fetch::Catalogue()) {
    const std::string lines = fetch::SweepLines(*fetch::MakeWanted(source.id, ""));
    const std::string other =
        source.model ? "data: {task: e2e, splits: {train: x}}\n" : "model: {path: m}\n";
    const std::string split = source.model ? "train" : lines.substr(lines.rfind("\n    ") + 5);
    const spec::ParseResult parsed = spec::ParseSweep(
        "apiVersion: eida/v1\nkind: Sweep\nname: x\n" + lines + other +
            "seeds: [0]\ntrain: {epochs: 1, lr: 1.0e-3}\nvariants: [{name: full, adapter: {type: "
            "none}}]\neval: {metric: loss, goal: minimize, split: " +
            split.substr(0, split.find(':')) + "}\n",
        "sweep.yaml", {});
    EXPECT_TRUE(parsed.spec.has_value())
        << source.id << "\n"
        << lines << (parsed.diagnostics.empty() ? "" : parsed.diagnostics[0].message);
  }
}

class DisplayTest : public testing::Test {
 protected:
  DisplayTest() {
    context_.err = &err_;
    context_.clock = &clock_;
  }
  std::ostringstream err_;
  FakeClock clock_;
  Context context_;
};

TEST_F(DisplayTest, ElsewhereThanInATerminalItIsALineNowAndThen) {
  TransferDisplay display(context_);
  for (int i = 0; i <= 60; ++i) {
    display.Show("download", "model.safetensors", i << 20, 100 << 20);
    clock_.Advance(Millis(1'000));
  }
  EXPECT_EQ(err_.str(),
            "download model.safetensors: 0 B of 100.0 MiB (0%)\n"
            "download model.safetensors: 30.0 MiB of 100.0 MiB (30%), 1.0 MiB/s, 1m10s left\n"
            "download model.safetensors: 60.0 MiB of 100.0 MiB (60%), 1.0 MiB/s, 40.0s left\n");
}

TEST_F(DisplayTest, InATerminalABarIsDrawnOver) {
  context_.err_tty = true;
  context_.width = 110;
  TransferDisplay display(context_);
  display.Show("download", "a.bin", 50, 100);
  display.Show("download", "a.bin", 51, 100);  // too soon to be drawn
  clock_.Advance(Millis(100));
  display.Show("download", "a.bin", 100, 100);
  display.Note("a line that stays");
  const std::string text = err_.str();
  EXPECT_THAT(text, AllOf(HasSubstr("50%"), HasSubstr("100%"), Not(HasSubstr("51%"))));
  EXPECT_TRUE(text.ends_with("\r\033[Ka line that stays\n"));
}

TEST_F(DisplayTest, TheBarFitsIntoTheTerminal) {
  const TransferState state{"download", "a-very-long-name-of-a-file.safetensors", 1 << 30,
                            int64_t{3} << 30, 5e6};
  for (const int width : {20, 40, 80, 120, 200}) {
    const std::string bar = TransferBar(state, {width, false, false});
    // Bytes that begin a character.
    const auto columns = std::ranges::count_if(bar, [](char c) { return (c & 0xC0) != 0x80; });
    EXPECT_LE(columns, width) << bar;
  }
  EXPECT_EQ(TransferBar(state, {80, false, false}),
            "  a-very-long-name-of… ####.......... 33% of 3.0 GiB, 4.8 MiB/s, 7m09s left     ");
}

TEST_F(DisplayTest, QuietSaysNothing) {
  context_.options.quiet = true;
  TransferDisplay display(context_);
  display.Show("download", "a.bin", 50, 100);
  display.Note("x");
  EXPECT_EQ(err_.str(), "");
}

}  // namespace
}  // namespace eida::client
