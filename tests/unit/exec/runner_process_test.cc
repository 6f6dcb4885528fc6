#include "worker/exec/runner_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/exec/job_file.h"

namespace eida::exec {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

const char kRunner[] = EIDA_BINARY_DIR "/tests/eida-fake-runner";

class RecordingSink : public RunnerSink {
 public:
  explicit RecordingSink(std::vector<JobId> jobs) : bundle(std::move(jobs)) {}
  void OnEvent(const Event& event) override {
    events.push_back(event);
    const auto accepted = bundle.OnEvent(event);
    if (accepted.ok() && accepted->end) outcomes.push_back(*accepted->end);
    if (on_event) on_event(event);
  }
  void OnLog(const std::string& line) override { log.push_back(line); }

  Bundle bundle;
  std::vector<Event> events;
  std::vector<Outcome> outcomes;
  std::vector<std::string> log;
  std::function<void(const Event&)> on_event;
};

bool Alive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return stat >> number >> name >> state && state != "Z";
}

bool GoneWithin(pid_t pid, int ms) {
  for (int i = 0; i < ms && Alive(pid); i += 5) usleep(5000);
  return !Alive(pid);
}

class RunnerProcessTest : public ::testing::Test {
 protected:
  // One job per script; each script is the `steps` of the fake runner.
  void Write(const std::vector<std::string>& scripts) {
    JobFile file;
    file.device = "cpu";
    for (size_t i = 0; i < scripts.size(); ++i) {
      const std::string out = JoinPath(dir_.path(), "j" + std::to_string(i + 1));
      ASSERT_TRUE(MakeDirs(out).ok());
      file.jobs.push_back({JobId(static_cast<int64_t>(i + 1)),
                           1,
                           JobKind::kTrain,
                           "job",
                           "{\"steps\": " + scripts[i] + "}",
                           {},
                           "",
                           out});
      jobs_.push_back(file.jobs.back().job);
    }
    ASSERT_TRUE(WriteFileAtomic(Path("job.json"), FormatJobFile(file).value()).ok());
    options_.supervisor = options_.runner = kRunner;
    options_.job_file = Path("job.json");
    options_.work_dir = dir_.path();
    sink_ = std::make_unique<RecordingSink>(jobs_);
  }
  std::string Path(const std::string& name) { return JoinPath(dir_.path(), name); }
  std::unique_ptr<RunnerProcess> Start() {
    auto process = RunnerProcess::Start(launcher_, options_);
    EXPECT_TRUE(process.ok()) << process.status();
    return std::move(process).value();
  }
  // Runs to the end and closes the bundle.
  ProcessEnd Run() { return Finish(*Start()); }
  ProcessEnd Finish(RunnerProcess& process) {
    const ProcessEnd end = process.Run(*sink_);
    for (Outcome& outcome : sink_->bundle.OnEnd(end)) sink_->outcomes.push_back(std::move(outcome));
    return end;
  }
  pid_t ReadPid(const std::string& name) {
    pid_t pid = 0;
    for (int i = 0; i < 6000 && !(std::ifstream(Path(name)) >> pid); ++i) usleep(5000);
    return pid;
  }

  TempDir dir_{"eida-exec"};
  std::vector<JobId> jobs_;
  Launcher launcher_;
  RunnerOptions options_;
  std::unique_ptr<RecordingSink> sink_;
};

TEST_F(RunnerProcessTest, SuccessIsADoneEvent) {
  Write(
      {R"([["emit", {"event": "started"}], ["emit", {"event": "metric", "series": "a", "step": 3, "value": 0.5}],
             ["log", "hello"], ["emit", {"event": "done", "summary": {"steps": 7}}]])"});
  const ProcessEnd end = Run();
  EXPECT_TRUE(end.exit.ok()) << end.exit.ToString();
  ASSERT_EQ(sink_->outcomes.size(), 1u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kNone);
  EXPECT_EQ(sink_->outcomes[0].summary, R"({"steps":7})");
  ASSERT_EQ(sink_->events.size(), 3u);
  EXPECT_EQ(std::get<MetricPoint>(sink_->events[1].body).value, 0.5);
  EXPECT_THAT(sink_->log, Contains("hello"));
}

TEST_F(RunnerProcessTest, ExitZeroWithoutDoneIsACrash) {
  Write({R"([["emit", {"event": "started"}], ["log", "so far so good"], ["exit", 0]])"});
  Run();
  ASSERT_EQ(sink_->outcomes.size(), 1u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kCrashed);
  EXPECT_THAT(sink_->outcomes[0].message, HasSubstr("without a `done` event"));
  EXPECT_THAT(sink_->outcomes[0].message, HasSubstr("so far so good"));
}

TEST_F(RunnerProcessTest, AnErrorKeepsItsClassWhateverTheExitCode) {
  Write({R"([["emit", {"event": "started"}], ["emit", {"event": "error", "class": "nonfinite", 
            "message": "loss is NaN at step 3"}], ["exit", 1]])"});
  Run();
  ASSERT_EQ(sink_->outcomes.size(), 1u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kNonfinite);
  EXPECT_EQ(sink_->outcomes[0].message, "loss is NaN at step 3");
}

TEST_F(RunnerProcessTest, ACrashNamesTheSignalAndFreesTheRestOfTheBundle) {
  Write({R"([["emit", {"event": "started"}], ["emit", {"event": "done"}]])",
         R"([["emit", {"event": "started"}], ["signal", 11]])", "[]"});
  Run();
  ASSERT_EQ(sink_->outcomes.size(), 3u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kNone);
  EXPECT_EQ(sink_->outcomes[1].error, ErrorClass::kCrashed);
  EXPECT_THAT(sink_->outcomes[1].message, HasSubstr("SIGSEGV"));
  EXPECT_EQ(sink_->outcomes[2].error, ErrorClass::kPreempted);
}

TEST_F(RunnerProcessTest, ARunnerThatCannotStartBlamesTheFirstJobOnly) {
  Write({"[]", "[]"});
  options_.runner = Path("no-such-program");
  Run();
  ASSERT_EQ(sink_->outcomes.size(), 2u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kCrashed);
  EXPECT_THAT(sink_->outcomes[0].message, HasSubstr("no-such-program: No such file"));
  EXPECT_EQ(sink_->outcomes[1].error, ErrorClass::kPreempted);
}

TEST_F(RunnerProcessTest, SigtermLetsTheRunnerLeaveACheckpoint) {
  Write({R"([["emit", {"event": "started"}], ["sleep", 20000]])"});
  const auto process = Start();
  sink_->on_event = [&](const Event& event) {
    if (std::holds_alternative<Started>(event.body)) process->Stop(Millis(10'000));
  };
  const ProcessEnd end = Finish(*process);
  EXPECT_EQ(end.exit.code, 75);
  ASSERT_EQ(sink_->events.size(), 3u);
  EXPECT_EQ(std::get<CheckpointFile>(sink_->events[1].body).step, 99);
  ASSERT_EQ(sink_->outcomes.size(), 1u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kPreempted);
}

TEST_F(RunnerProcessTest, ARunnerThatIgnoresSigtermIsKilledAfterTheGrace) {
  Write({R"([["ignore_term"], ["emit", {"event": "started"}], ["sleep", 20000]])"});
  const auto process = Start();
  sink_->on_event = [&](const Event&) { process->Stop(Millis(100)); };
  const ProcessEnd end = Finish(*process);
  EXPECT_TRUE(end.exit.signaled);
  EXPECT_EQ(end.exit.code, SIGKILL);
  ASSERT_EQ(sink_->outcomes.size(), 1u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kPreempted);
}

TEST_F(RunnerProcessTest, GrandchildrenDoNotOutliveTheRunner) {
  Write({R"([["emit", {"event": "started"}], ["grandchild", {"pid_file": ")" + Path("a") +
         R"("}], ["grandchild", {"session": true, "pid_file": ")" + Path("b") +
         R"("}], ["until", ")" + Path("a") + R"("], ["until", ")" + Path("b") +
         R"("], ["emit", {"event": "done"}]])"});
  EXPECT_TRUE(Run().exit.ok());
  EXPECT_FALSE(Alive(ReadPid("a")));
  EXPECT_FALSE(Alive(ReadPid("b")));
}

TEST_F(RunnerProcessTest, NothingSurvivesAParentKilledWithSigkill) {
  Write({R"([["ignore_term"], ["grandchild", {"pid_file": ")" + Path("a") +
         R"("}], ["grandchild", {"session": true, "pid_file": ")" + Path("b") +
         R"("}], ["grandchild", {"pid_file": ")" + Path("c") + R"("}], ["sleep", 60000]])"});
  const pid_t host = fork();
  if (host == 0) {
    execl(kRunner, kRunner, "host", Path("job.json").c_str(), nullptr);
    _exit(127);
  }
  const pid_t pids[] = {ReadPid("a"), ReadPid("b"), ReadPid("c")};
  for (pid_t pid : pids) ASSERT_GT(pid, 0);
  kill(host, SIGKILL);
  waitpid(host, nullptr, 0);
  for (pid_t pid : pids) EXPECT_TRUE(GoneWithin(pid, 5000)) << pid;
}

TEST_F(RunnerProcessTest, AKilledSupervisorTakesTheRunnerWithIt) {
  Write({R"([["grandchild", {"pid_file": ")" + Path("a") +
         R"("}], ["emit", {"event": "started"}], ["sleep", 60000]])"});
  const auto process = Start();
  sink_->on_event = [&](const Event&) { kill(process->pid(), SIGKILL); };
  const ProcessEnd end = Finish(*process);
  EXPECT_EQ(end.exit.ToString(), "killed by SIGKILL");
  ASSERT_EQ(sink_->outcomes.size(), 1u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kCrashed);
  EXPECT_THAT(sink_->outcomes[0].message, HasSubstr("OOM killer or by hand"));
  EXPECT_TRUE(GoneWithin(ReadPid("a"), 2000));
}

TEST_F(RunnerProcessTest, GarbageAndOverlongEventsAreReportedAndSurvived) {
  options_.max_event_bytes = 1000;
  Write(
      {R"([["emit", {"event": "started"}], ["raw", "not json"], ["raw", "{\"event\": \"dance\", \"job\": 1}"], ["long", 300000],
             ["raw", "[1]"], ["raw", ""], ["emit", {"event": "done"}]])"});
  Run();
  ASSERT_EQ(sink_->outcomes.size(), 1u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kNone);
  EXPECT_EQ(sink_->log.size(), 4u) << ::testing::PrintToString(sink_->log);
  EXPECT_THAT(sink_->log, Contains(HasSubstr("unknown event \"dance\"")));
  EXPECT_THAT(sink_->log, Contains(HasSubstr("longer than")));
}

TEST_F(RunnerProcessTest, AFloodOfLogLinesLosesNoEvent) {
  Write({R"([["emit", {"event": "started"}], ["flood", 50000], ["emit", {"event": "done"}]])"});
  const ProcessEnd end = Run();
  EXPECT_EQ(sink_->events.size(), 2u);
  EXPECT_EQ(sink_->log.size(), 50000u);
  EXPECT_LT(end.log_tail.size(), 10'000u);
  EXPECT_THAT(end.log_tail, HasSubstr("line 49999 of a flood"));
}

TEST_F(RunnerProcessTest, ThreadsAndCoresAreSetBeforeTheProgramStarts) {
  Write({R"([["env", "OMP_NUM_THREADS"]])"});
  options_.threads = 3;
  cpu_set_t mine;
  sched_getaffinity(0, sizeof mine, &mine);
  for (int cpu = 0; cpu < CPU_SETSIZE && options_.cpus.empty(); ++cpu) {
    if (CPU_ISSET(cpu, &mine)) options_.cpus = {cpu};
  }
  Run();
  ASSERT_EQ(sink_->outcomes.size(), 1u);
  EXPECT_EQ(sink_->outcomes[0].message, "3 on 1");
}

TEST_F(RunnerProcessTest, AChildLivesOnWhenTheThreadThatAskedForItEnds) {
  Write({R"([["emit", {"event": "started"}], ["sleep", 150], ["emit", {"event": "done"}]])"});
  std::unique_ptr<RunnerProcess> process;
  std::thread([&] { process = Start(); }).join();
  Finish(*process);
  ASSERT_EQ(sink_->outcomes.size(), 1u);
  EXPECT_EQ(sink_->outcomes[0].error, ErrorClass::kNone);
}

}  // namespace
}  // namespace eida::exec
