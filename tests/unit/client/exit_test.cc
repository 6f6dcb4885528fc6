// Exit codes and the style of errors.
#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ExitTest, EveryStatusHasItsCode) {
  const std::vector<std::pair<absl::StatusCode, int>> table = {
      {absl::StatusCode::kOk, 0},
      {absl::StatusCode::kInternal, 1},
      {absl::StatusCode::kUnknown, 1},
      {absl::StatusCode::kDataLoss, 1},
      {absl::StatusCode::kInvalidArgument, 2},
      {absl::StatusCode::kNotFound, 3},
      {absl::StatusCode::kUnauthenticated, 4},
      {absl::StatusCode::kPermissionDenied, 4},
      {absl::StatusCode::kAlreadyExists, 5},
      {absl::StatusCode::kFailedPrecondition, 5},
      {absl::StatusCode::kAborted, 5},
      {absl::StatusCode::kUnavailable, 6},
      {absl::StatusCode::kDeadlineExceeded, 124},
      {absl::StatusCode::kCancelled, 130},
  };
  for (const auto& [code, exit] : table) {
    FakeApi api = DemoApi();
    api.failure = Status(code, "what the coordinator said");
    const Outcome outcome = Program(api).Run({"status"});
    EXPECT_EQ(outcome.code, exit) << static_cast<int>(code);
    EXPECT_EQ(outcome.err, exit == 0 ? "" : "error: what the coordinator said\n");
  }
}

TEST(ExitTest, InJsonModeTheErrorIsOnStdoutToo) {
  FakeApi api = DemoApi();
  api.failure = NotFound("it is not there");
  const Outcome outcome = Program(api).Run({"-o", "json", "status"});
  const Json error = outcome.json().at("error");
  EXPECT_EQ(error.at("message"), "it is not there");
  EXPECT_EQ(error.at("exit_code"), 3);
  EXPECT_THAT(outcome.err, StartsWith("error: it is not there"));
}

TEST(ExitTest, AnInvalidSweepFileIsExitCode2WithItsDiagnostics) {
  FakeApi api = DemoApi();
  const StudyFiles files;
  for (const char* verb : {"validate", "preview", "submit", "run"}) {
    const Outcome outcome =
        Program(api).Run({verb, files.sweep(), "--set", "train.lerning_rate=1", "-o", "json"});
    EXPECT_EQ(outcome.code, kUsage) << verb;
    EXPECT_THAT(outcome.err, HasSubstr("lerning_rate")) << verb;
    const Json json = outcome.json();
    const Json diagnostics = std::string(verb) == "validate" ? json.at("diagnostics")
                                                             : json.at("error").at("diagnostics");
    EXPECT_EQ(diagnostics[0].at("code"), "unknown-key") << verb;
  }
  EXPECT_TRUE(api.submitted.empty());
}

TEST(ExitTest, AMissingSweepFileIsExitCode3) {
  FakeApi api;
  const Outcome outcome = Program(api).Run({"validate", "nowhere.yaml"});
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err, HasSubstr("nowhere.yaml"));
}

TEST(ExitTest, AnExportDoesNotOverwriteADirectory) {
  FakeApi api = DemoApi();
  const StudyFiles files;
  const Outcome outcome =
      Program(api).Run({"export", "run", "full/seed0", "-O", files.Path("model")});
  EXPECT_EQ(outcome.code, kConflict);
  EXPECT_THAT(outcome.err, HasSubstr("--force"));
}

TEST(ExitTest, RunShowsResultsOnStdoutAndAdviceOnStderr) {
  FakeApi api = DemoApi();
  const StudyFiles files;
  Program program(api);
  const Outcome outcome = program.Run({"run", files.sweep(), "--results", files.Path("out")});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(program.needed, Need::kProject);
  EXPECT_THAT(outcome.out, HasSubstr("lora-r8"));
  EXPECT_THAT(outcome.err, HasSubstr("next: eidactl heatmap"));
  EXPECT_TRUE(FileExists(files.Path("out/cka.png")));
  EXPECT_TRUE(FileExists(files.Path("out/summary.csv")));
}

TEST(ExitTest, RunOfASweepThatFailsIsExitCode7AndSaysWhy) {
  FakeApi api = DemoApi();
  v1::SweepProgress bad = Ended(TrainProgress(2, 4, 3), v1::SWEEP_STATE_FAILED);
  *bad.add_failures() = api.events[0];
  api.progress[2] = {bad};
  const StudyFiles files;
  const Outcome outcome =
      Program(api).Run({"run", files.sweep(), "--results", files.Path("out"), "-o", "json"});
  EXPECT_EQ(outcome.code, kEndedBadly);
  EXPECT_EQ(outcome.json().at("kind"), "RunResult");
  EXPECT_THAT(outcome.err, HasSubstr("error: sweep s2 failed\n  j14: loss is not finite"));
}

}  // namespace
}  // namespace eida::client
