#include "worker/exec/runner_gang.h"

#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "common/base/fs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/exec/job_file.h"

namespace eida::exec {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char kFakeRunner[] = EIDA_BINARY_DIR "/tests/eida-fake-runner";

bool IsAlive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return stat >> number >> name >> state && state != "Z";
}

class RunnerGangTest : public ::testing::Test, public RunnerSink {
 protected:
  // One rank for each script.
  void Start(const std::vector<std::string>& scripts) {
    std::vector<RunnerOptions> ranks;
    for (size_t rank = 0; rank < scripts.size(); ++rank) {
      const std::string out = Path("out-" + std::to_string(rank));
      ASSERT_TRUE(MakeDirs(out).ok());
      JobFile file;
      file.rank = static_cast<int>(rank);
      file.ranks = static_cast<int>(scripts.size());
      file.store = Path("ranks");
      file.jobs = {{JobId(1),
                    1,
                    JobKind::kTrain,
                    "job",
                    "{\"steps\": [" + scripts[rank] + "]}",
                    {},
                    "",
                    out}};
      RunnerOptions options;
      options.supervisor = options.runner = kFakeRunner;
      options.job_file = Path("job-" + std::to_string(rank) + ".json");
      options.work_dir = dir_.path();
      options.threads = static_cast<int>(rank) + 1;
      ASSERT_TRUE(WriteFileAtomic(options.job_file, FormatJobFile(file).value()).ok());
      ranks.push_back(options);
    }
    auto gang = RunnerGang::Start(launcher_, ranks);
    ASSERT_TRUE(gang.ok()) << gang.status();
    gang_ = std::move(*gang);
  }
  ProcessEnd Run(const std::vector<std::string>& scripts) {
    Start(scripts);
    return Finish();
  }
  ProcessEnd Finish() {
    const ProcessEnd end = gang_->Run(*this);
    for (Outcome& outcome : bundle_.OnEnd(end)) outcomes_.push_back(std::move(outcome));
    EXPECT_EQ(outcomes_.size(), 1u) << "one job, one outcome";
    return end;
  }
  void OnEvent(const Event& event) override {
    ++events_;
    const auto accepted = bundle_.OnEvent(event);
    if (accepted.ok() && accepted->end) outcomes_.push_back(*accepted->end);
    if (on_event_) on_event_();
  }
  void OnLog(const std::string& line) override { log_.push_back(line); }
  std::string Path(const std::string& name) { return JoinPath(dir_.path(), name); }
  std::string Child() {
    return R"(["grandchild", {"pid_file": ")" + Path("pid") + R"(", "session": true}])";
  }
  bool ChildGone() {
    pid_t pid = 0;
    std::ifstream(Path("pid")) >> pid;
    for (int i = 0; i < 3000 && IsAlive(pid); i += 5) usleep(5000);
    return pid > 0 && !IsAlive(pid);
  }

  TempDir dir_{"eida-gang"};
  Launcher launcher_;
  std::unique_ptr<RunnerGang> gang_;
  Bundle bundle_{{JobId(1)}};
  std::vector<Outcome> outcomes_;
  std::vector<std::string> log_;
  int events_ = 0;
  std::function<void()> on_event_;
};

const char kStarted[] = R"(["emit", {"event": "started"}])";
const char kDone[] = R"(["emit", {"event": "done", "summary": {"steps": 7}}])";
const char kForever[] = R"(["sleep", 60000])";
std::string Then(const std::string& a, const std::string& b) { return a + ", " + b; }

TEST_F(RunnerGangTest, RankZeroSpeaksForAll) {
  const ProcessEnd end = Run(
      {Then(kStarted, Then(R"(["log", "zero"])", kDone)),
       Then(kStarted, Then(R"(["log", "one"])", R"(["emit", {"event": "done", "summary": {}}])"))});
  EXPECT_TRUE(end.exit.ok()) << end.exit.ToString();
  EXPECT_EQ(events_, 2);
  EXPECT_EQ(outcomes_.at(0).summary, R"({"steps":7})");
  EXPECT_THAT(log_, Contains("zero"));
  EXPECT_THAT(log_, Contains("rank 1: one"));
}

TEST_F(RunnerGangTest, ARankThatDiesTakesTheOthersAlongAndIsNamed) {
  const ProcessEnd end =
      Run({Then(kStarted, Then(Child(), kForever)),
           Then(kStarted, R"(["log", "here it comes"], ["sleep", 100], ["signal", 11])"),
           Then(kStarted, Then(R"(["ignore_term"])", kForever))});
  EXPECT_TRUE(end.exit.signaled);
  EXPECT_EQ(end.exit.code, SIGSEGV);
  EXPECT_EQ(outcomes_.at(0).error, ErrorClass::kCrashed);
  EXPECT_THAT(outcomes_.at(0).message, HasSubstr("SIGSEGV"));
  EXPECT_THAT(outcomes_.at(0).message, HasSubstr("rank 1"));
  EXPECT_THAT(outcomes_.at(0).message, HasSubstr("here it comes"));
  EXPECT_TRUE(ChildGone());
}

TEST_F(RunnerGangTest, AnErrorOfAnyRankIsTheJobs) {
  Run({Then(kStarted, kForever),
       Then(
           kStarted,
           R"(["sleep", 60], ["emit", {"event": "error", "class": "oom", "message": "too big"}], ["exit", 1])")});
  EXPECT_EQ(outcomes_.at(0).error, ErrorClass::kOom);
  EXPECT_EQ(outcomes_.at(0).message, "too big");
}

TEST_F(RunnerGangTest, WhoLostAnotherRankIsNotBlamed) {
  const ProcessEnd end =
      Run({Then(kStarted, R"(["exit", 76])"), Then(kStarted, R"(["sleep", 300], ["signal", 9])")});
  EXPECT_TRUE(end.exit.signaled);
  EXPECT_EQ(end.exit.code, SIGKILL);
  EXPECT_FALSE(end.stopped) << "nobody asked for it";
  EXPECT_EQ(outcomes_.at(0).error, ErrorClass::kCrashed);
}

TEST_F(RunnerGangTest, ALossThatNobodyExplainsEndsAllTheSame) {
  const ProcessEnd end = Run({Then(kStarted, kForever), Then(kStarted, R"(["exit", 76])")});
  EXPECT_EQ(end.exit.code, kExitPeerLost);
  EXPECT_EQ(outcomes_.at(0).error, ErrorClass::kCrashed);
}

TEST_F(RunnerGangTest, AStopReachesEveryRankAndIsAPreemption) {
  Start({Then(kStarted, kForever), Then(kStarted, kForever)});
  on_event_ = [this] { gang_->Stop(Millis(20'000)); };
  const ProcessEnd end = Finish();
  EXPECT_TRUE(end.stopped);
  EXPECT_EQ(outcomes_.at(0).error, ErrorClass::kPreempted);
}

TEST_F(RunnerGangTest, ARankThatEndsEarlyLetsTheFirstFinish) {
  Run({Then(kStarted, Then(R"(["sleep", 300])", kDone)), kStarted});
  EXPECT_EQ(outcomes_.at(0).error, ErrorClass::kNone);
}

}  // namespace
}  // namespace eida::exec
