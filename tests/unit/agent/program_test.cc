// The real eida-worker program against a fake coordinator over gRPC, and the ports by themselves.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "common/base/json.h"
#include "common/base/subprocess.h"
#include "common/rpc/token.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/agent/fake_server.h"
#include "worker/agent/backoff.h"
#include "worker/agent/grpc_ports.h"
#include "worker/agent/options.h"
#include "worker/agent/runner_check.h"

namespace eida::agent {
namespace {

using ::testing::HasSubstr;

const char kWorker[] = EIDA_BINARY_DIR "/bin/eida-worker";
const char kRunner[] = EIDA_BINARY_DIR "/tests/eida-fake-runner";

bool Alive(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  return stat >> number >> name >> state && state != "Z";
}

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest() {
    setenv("XDG_STATE_HOME", Path("state").c_str(),
           1);  // no announcement of a real coordinator is found
    token_ = rpc::LoadOrCreateToken(Path("token")).value();
    Serve();
  }
  void Serve(int port = 0) {
    server_ = std::make_unique<FakeServer>(coordinator_, artifacts_, token_, port);
    address_ = server_->address();
  }
  std::string Path(const std::string& name) { return JoinPath(dir_.path(), name); }
  Subprocess Start(std::vector<std::string> more = {}, const std::string& token_file = "token") {
    SubprocessOptions options;
    options.argv = {kWorker,          "run",     "--coordinator", address_,   "--token-file",
                    Path(token_file), "--cache", Path("cache"),   "--runner", runner_,
                    "--slots",        "1"};
    options.argv.insert(options.argv.end(), more.begin(), more.end());
    log_ = Path("log" + std::to_string(++starts_));
    options.stderr_path = options.stdout_path = log_;
    return Subprocess::Start(options).value();
  }
  std::string Log() { return ReadFile(log_).value_or(""); }
  bool LogSays(const std::string& text, int ms = 10'000) {
    for (int i = 0; i < ms && Log().find(text) == std::string::npos; i += 5) usleep(5000);
    return Log().find(text) != std::string::npos;
  }
  void Offer(int64_t lease, const std::string& steps) {
    GrantJob job;
    job.job = JobId(lease);
    job.attempt = 1;
    job.name = "s1/job";
    job.spec = steps.empty() ? "{}" : "{\"steps\": [" + steps + "]}";
    job.inputs = {input_};
    coordinator_.Offer({LeaseId(lease), {0}, {job}});
  }
  pid_t ReadPid(const std::string& name) {
    pid_t pid = 0;
    for (int i = 0; i < 2000 && !(std::ifstream(Path(name)) >> pid); ++i) usleep(5000);
    return pid;
  }
  std::string Grandchild(const std::string& name, bool session) {
    return R"(["grandchild", {"session": )" + std::string(session ? "true" : "false") +
           R"(, "pid_file": ")" + Path(name) + R"("}])";
  }

  TempDir dir_{"eida-program"};
  std::string log_;  // of the newest worker
  int starts_ = 0;
  std::string token_, address_, runner_ = kRunner;
  FakeCoordinator coordinator_;
  FakeArtifacts artifacts_;
  ArtifactRef input_ = artifacts_.Add("data/train", std::string(1'000'000, 'r'));
  std::unique_ptr<FakeServer> server_;
};

TEST_F(ProgramTest, RunsAJobAndLeavesOnSigterm) {
  Offer(1, "");
  Subprocess worker = Start({"--ready-file", Path("ready"), "--name", "w7"});
  ASSERT_TRUE(coordinator_.WaitForItem<Finished>(1)) << Log();
  const Finished end = coordinator_.Items<Finished>(1).at(0);
  EXPECT_EQ(end.error, ErrorClass::kNone) << end.message;
  EXPECT_TRUE(artifacts_.Holds(end.artifacts.at(0).digest));
  EXPECT_EQ(ReadFile(Path("ready")).value(), "w7\n");
  EXPECT_EQ(coordinator_.Last().worker.id, WorkerId("w7"));
  EXPECT_EQ(coordinator_.Last().worker.slots.size(), 1u);
  worker.Kill(SIGTERM);
  EXPECT_EQ(worker.Wait().ToString(), "exit 0") << Log();
  EXPECT_EQ(coordinator_.leaves, 1);
}

TEST_F(ProgramTest, SigtermLetsTheRunnerCheckpointAndASecondOneKills) {
  Offer(1, R"(["emit", {"event": "started"}], ["sleep", 60000])");
  Subprocess worker = Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  worker.Kill(SIGTERM);
  EXPECT_EQ(worker.Wait().ToString(), "exit 0") << Log();
  EXPECT_EQ(coordinator_.Items<CheckpointMade>(1).size(), 1u);
  EXPECT_EQ(coordinator_.Items<Finished>(1).at(0).error, ErrorClass::kPreempted);

  Offer(2, R"(["ignore_term"], ["emit", {"event": "started"}], ["sleep", 60000])");
  Subprocess second = Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(2));
  second.Kill(SIGINT);
  ASSERT_TRUE(LogSays("a second signal kills"));
  EXPECT_FALSE(second.Poll().has_value());
  second.Kill(SIGINT);
  EXPECT_EQ(second.Wait().ToString(), "exit 130");
}

TEST_F(ProgramTest, ATenthOfTheCacheIsForTokenIds) {
  Offer(1, R"(["emit", {"event": "started"}], ["sleep", 60000])");
  Subprocess worker = Start({"--cache-limit", "7GB"});
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1)) << Log();
  const Json job = ReadJsonFile(Path("cache/work/l1/job.json")).value();
  EXPECT_EQ(job.at("tokens"), (Json{{"dir", Path("cache/tokens")}, {"limit", 700'000'000}}));
  worker.Kill(SIGTERM);
  worker.Wait();
}

TEST_F(ProgramTest, NoProcessSurvivesAWorkerKilledWithSigkill) {
  Offer(1, R"(["ignore_term"], )" + Grandchild("a", false) + ", " + Grandchild("b", true) +
               R"(, ["emit", {"event": "started"}], ["sleep", 60000])");
  Subprocess worker = Start();
  const pid_t pids[] = {ReadPid("a"), ReadPid("b")};
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  pid_t runner = 0;
  {
    std::ifstream stat("/proc/" + std::to_string(pids[0]) + "/stat");
    std::string skip;
    stat >> skip >> skip >> skip >> runner;
  }
  ASSERT_TRUE(Alive(runner) && Alive(pids[0]) && Alive(pids[1]));
  worker.Kill(SIGKILL);
  for (int i = 0; i < 6000 && (Alive(runner) || Alive(pids[0]) || Alive(pids[1])); ++i)
    usleep(5000);
  EXPECT_FALSE(Alive(runner));
  EXPECT_FALSE(Alive(pids[0]));
  EXPECT_FALSE(Alive(pids[1]));
}

TEST_F(ProgramTest, AWrongTokenIsSaidOnceWithExitCode4) {
  ASSERT_TRUE(WriteFileAtomic(Path("wrong"), rpc::GenerateToken() + "\n", 0600).ok());
  Subprocess worker = Start({}, "wrong");
  EXPECT_EQ(worker.Wait().ToString(), "exit 4");
  EXPECT_THAT(Log(), HasSubstr("error: the token is not known here"));
}

TEST_F(ProgramTest, AMissingCoordinatorIsWaitedForUnlessToldOtherwise) {
  const int port = server_->port();
  server_.reset();
  Subprocess impatient = Start({"--no-wait"});
  EXPECT_EQ(impatient.Wait().ToString(), "exit 6");
  Subprocess worker = Start();
  ASSERT_TRUE(LogSays("trying again")) << Log();
  Serve(port);
  Offer(1, "");
  EXPECT_TRUE(coordinator_.WaitForItem<Finished>(1, 1, 20'000)) << Log();
}

TEST_F(ProgramTest, ACoordinatorThatStartsAgainFindsTheWorkerStillAtWork) {
  Offer(
      1,
      R"(["emit", {"event": "started"}], ["until", ")" + Path("go") +
          R"("], ["artifact", {"name": "weights", "kind": "adapter"}], ["emit", {"event": "done"}])");
  Subprocess worker = Start();
  ASSERT_TRUE(coordinator_.WaitForItem<Started>(1));
  const int port = server_->port();
  server_.reset();
  std::ofstream(Path("go")) << "x";
  ASSERT_TRUE(LogSays("trying again"));
  Serve(port);
  ASSERT_TRUE(coordinator_.WaitForItem<Finished>(1, 1, 20'000)) << Log();
  EXPECT_EQ(coordinator_.Items<Finished>(1).at(0).error, ErrorClass::kNone);
}

TEST_F(ProgramTest, AMissingOrBrokenRunnerIsSaidAtTheStart) {
  runner_ = Path("none");
  Subprocess missing = Start();
  EXPECT_EQ(missing.Wait().ToString(), "exit 3");
  EXPECT_THAT(Log(), HasSubstr("there is no runner at " + Path("none")));
  ASSERT_TRUE(WriteFileAtomic(Path("broken"),
                              "#!/bin/sh\necho cannot load libsomething.so >&2\nexit 127\n", 0755)
                  .ok());
  runner_ = Path("broken");
  Subprocess broken = Start();
  EXPECT_EQ(broken.Wait().ToString(), "exit 5");
  EXPECT_THAT(Log(), HasSubstr("cannot load libsomething.so"));
  EXPECT_EQ(coordinator_.syncs, 0);
}

TEST_F(ProgramTest, OneFolderServesOneWorker) {
  Subprocess first = Start({"--ready-file", Path("ready")});
  for (int i = 0; i < 2000 && !FileExists(Path("ready")); ++i) usleep(5000);
  Subprocess second = Start();
  EXPECT_EQ(second.Wait().ToString(), "exit 5");
  EXPECT_THAT(Log(), HasSubstr("--cache"));
}

TEST_F(ProgramTest, PortsCarryContentBothWays) {
  GrpcPorts ports({server_->address(), Path("token"), ""});
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += std::to_string(i);
  ASSERT_TRUE(WriteFileAtomic(Path("big"), content).ok());
  const Digest digest = DigestOf(content);
  EXPECT_FALSE(ports.Has(digest, {}).value());
  EXPECT_TRUE(ports.Put(digest, Path("big"), {}).ok());
  EXPECT_TRUE(ports.Has(digest, {}).value());
  EXPECT_TRUE(ports.Get(digest, Path("back"), {}).ok());
  EXPECT_EQ(ReadFile(Path("back")).value(), content);
  EXPECT_TRUE(WriteFileAtomic(Path("empty"), "").ok());
  EXPECT_TRUE(ports.Put(DigestOf(""), Path("empty"), {}).ok());
  EXPECT_EQ(ports.Get(DigestOf("nowhere"), Path("none"), {}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ports.Put(DigestOf("other"), Path("big"), {}).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ports.Get(digest, "/dev/full/x", {}).code(), absl::StatusCode::kInternal);
}

TEST_F(ProgramTest, AStopEndsALongPoll) {
  coordinator_.ttl = Millis(60'000);
  GrpcPorts ports({server_->address(), Path("token"), ""});
  SyncRequest request;
  request.worker.id = WorkerId("w");
  request.worker.session = "s";
  request.wait = Millis(1'500);
  std::stop_source stop;
  std::jthread stopper([&] {
    usleep(100'000);
    stop.request_stop();
  });
  const TimePoint before = Clock::System().Read().mono;
  EXPECT_FALSE(ports.Sync(request, stop.get_token()).ok());
  EXPECT_LT((Clock::System().Read().mono - before).count(), 1'000);
}

TEST(RunnerCheckTest, AProgramThatAnswersIsGood) { EXPECT_TRUE(CheckRunner(kRunner).ok()); }

TEST(OptionsTest, DurationsAndSizes) {
  EXPECT_EQ(ParseDuration("1h30m")->count(), 5'400'000);
  EXPECT_EQ(ParseDuration("250ms")->count(), 250);
  EXPECT_EQ(ParseDuration("10")->count(), 10'000);
  EXPECT_EQ(ParseSize("50GiB").value(), int64_t{50} << 30);
  EXPECT_EQ(ParseSize("1.5kB").value(), 1500);
  EXPECT_EQ(ParseSize("0").value(), 0);
  for (const char* text : {"", "x", "-1", "5 parsecs", "1h30y", "3x"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

}  // namespace
}  // namespace eida::agent
