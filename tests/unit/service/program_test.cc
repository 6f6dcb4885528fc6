// The real program: refusals, signals, the ready file, crashes at every failpoint.
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>

#include <fstream>
#include <thread>

#include "common/base/json.h"
#include "common/base/subprocess.h"
#include "common/rpc/discovery.h"
#include "common/rpc/token.h"
#include "tests/sanitizers/sanitized.h"
#include "tests/unit/service/harness.h"

namespace eida::testing {
namespace {

using ::testing::HasSubstr;

class ProgramTest : public ::testing::Test {
 protected:
  struct Ended {
    ExitStatus exit;
    std::string output;
  };

  SubprocessOptions Options(const std::vector<std::string>& arguments) {
    SubprocessOptions options;
    options.argv = {std::string(EIDA_BINARY_DIR) + "/bin/eida-coordinator"};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.env["XDG_STATE_HOME"] = dir_.path() + "/state";
    options.stdout_path = log_;
    options.stderr_path = log_;
    return options;
  }
  Ended Run(const std::vector<std::string>& arguments) {
    (void)RemoveTree(log_);
    auto process = Subprocess::Start(Options(arguments));
    EXPECT_TRUE(process.ok()) << process.status();
    const ExitStatus exit = process->Wait();
    return {exit, *ReadFile(log_)};
  }
  // Serves DIR/data on a free port; returns when it is ready, or has ended.
  Subprocess Serve(const std::string& failpoint = "", const std::vector<std::string>& more = {}) {
    const std::string ready = dir_.path() + "/ready";
    (void)RemoveTree(ready);
    std::vector<std::string> arguments = {"serve",       "--data",       data_, "--listen",
                                          "127.0.0.1:0", "--ready-file", ready};
    arguments.insert(arguments.end(), more.begin(), more.end());
    SubprocessOptions options = Options(arguments);
    if (!failpoint.empty()) options.env["EIDA_FAILPOINT"] = failpoint;
    auto process = Subprocess::Start(options);
    EXPECT_TRUE(process.ok()) << process.status();
    while (!FileExists(ready) && !process->Poll()) std::this_thread::sleep_for(Millis(5));
    if (FileExists(ready)) ready_ = *ReadJsonFile(ready);
    return std::move(*process);
  }
  static ExitStatus Killed(Subprocess& process) {
    process.Kill(SIGKILL);
    return process.Wait();
  }
  static ExitStatus EndedWithin(Subprocess& process, Millis limit) {
    for (Millis waited(0); waited < limit && !process.Poll(); waited += Millis(10))
      std::this_thread::sleep_for(Millis(10));
    return process.Poll() ? process.Wait() : Killed(process);
  }
  Client Connect() {
    return Client(ready_["address"].get<std::string>(),
                  *rpc::ReadToken(ready_["token_file"].get<std::string>()));
  }

  TempDir dir_;
  std::string data_ = dir_.path() + "/data";
  std::string log_ = dir_.path() + "/log";
  Json ready_;
};

TEST_F(ProgramTest, ItServesUntilSigtermAndIsFoundByItsUser) {
  Subprocess process = Serve("", {"--http", "127.0.0.1:0"});
  EXPECT_EQ(ready_["pid"], process.pid());
  EXPECT_NE(ready_["http"], "");
  ::setenv("XDG_STATE_HOME", (dir_.path() + "/state").c_str(), 1);
  const auto token = rpc::FindToken(ready_["address"].get<std::string>(), "");
  ASSERT_TRUE(token.ok()) << token.status();
  Client client(ready_["address"].get<std::string>(), *token);
  v1::StatusReply reply;
  EXPECT_TRUE(client.sweeps->Status(client.Context().get(), {}, &reply).ok());
  process.Kill(SIGTERM);
  EXPECT_TRUE(process.Wait().ok());
  EXPECT_FALSE(rpc::FindToken(ready_["address"].get<std::string>(), "").ok());
  // A clean end leaves no write-ahead log behind.
  EXPECT_FALSE(FileExists(data_ + "/eida.db-wal"));
  ::unsetenv("XDG_STATE_HOME");
}

TEST_F(ProgramTest, ASecondOneOnTheSameDirectoryIsRefused) {
  Subprocess first = Serve();
  const Ended second = Run({"serve", "--data", data_, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.exit.code, 1);
  EXPECT_THAT(second.output, HasSubstr("another coordinator"));
  EXPECT_THAT(second.output, HasSubstr("--data"));
}

TEST_F(ProgramTest, ATakenPortIsRefusedBeforeAnythingIsMade) {
  Subprocess first = Serve();
  const std::string other = dir_.path() + "/other";
  for (const char* flag : {"--listen", "--http"}) {
    std::vector<std::string> arguments = {"serve", "--data", other, flag,
                                          ready_["address"].get<std::string>()};
    if (std::string(flag) == "--http")
      arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
    const Ended second = Run(arguments);
    EXPECT_EQ(second.exit.code, 1);
    EXPECT_THAT(second.output,
                HasSubstr(std::string(flag) + " " + ready_["address"].get<std::string>()));
    EXPECT_THAT(second.output, HasSubstr("in use"));
    EXPECT_FALSE(IsDirectory(other));
  }
}

TEST_F(ProgramTest, ADirectoryThatCannotBeWrittenIsRefused) {
  ASSERT_TRUE(WriteFileAtomic(dir_.path() + "/file", "x").ok());
  for (const std::string& data : {dir_.path() + "/file/data", std::string("/proc/eida")}) {
    const Ended ended = Run({"serve", "--data", data, "--listen", "127.0.0.1:0"});
    EXPECT_EQ(ended.exit.code, 1);
    EXPECT_THAT(ended.output, HasSubstr(data));
    EXPECT_THAT(ended.output, HasSubstr("--data"));
  }
}

TEST_F(ProgramTest, ADatabaseOfANewerVersionIsRefusedAndLeftAlone) {
  {
    Subprocess process = Serve();
    process.Kill(SIGTERM);
    process.Wait();
  }
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((data_ + "/eida.db").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "PRAGMA user_version = 9999", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  const Digest before = *DigestOfFile(data_ + "/eida.db");
  const Ended ended = Run({"serve", "--data", data_, "--listen", "127.0.0.1:0"});
  EXPECT_EQ(ended.exit.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("9999"));
  EXPECT_EQ(*DigestOfFile(data_ + "/eida.db"), before);
}

TEST_F(ProgramTest, ATokenFileThatOthersCanReadIsRefused) {
  const std::string token = dir_.path() + "/token";
  ASSERT_TRUE(WriteFileAtomic(token, std::string(64, 'a'), 0644).ok());
  const Ended ended =
      Run({"serve", "--data", data_, "--listen", "127.0.0.1:0", "--token-file", token});
  EXPECT_EQ(ended.exit.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("chmod 600"));
}

TEST_F(ProgramTest, BeyondLoopbackItAsksForTls) {
  for (const std::vector<std::string>& flags : {std::vector<std::string>{"--listen", "0.0.0.0:0"},
                                                {"--listen", "[::]:0"},
                                                {"--listen", "127.0.0.1:0", "--http", "0.0.0.0:0"},
                                                {"--listen", "0.0.0.0:0", "--insecure"}}) {
    std::vector<std::string> arguments = {"serve", "--data", data_};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Ended ended = Run(arguments);
    EXPECT_EQ(ended.exit.code, 1);
    EXPECT_THAT(ended.output, HasSubstr("loopback"));
    EXPECT_FALSE(IsDirectory(data_));
  }
}

TEST_F(ProgramTest, WrongUsageIsExitCodeTwo) {
  EXPECT_EQ(Run({}).exit.code, 2);
  EXPECT_EQ(Run({"serve"}).exit.code, 2);
  EXPECT_EQ(Run({"serve", "--data", data_, "--listen", "nonsense:x"}).exit.code, 2);
  EXPECT_EQ(Run({"serve", "--data", data_, "--lease-ttl", "soon"}).exit.code, 2);
  EXPECT_EQ(Run({"--help"}).exit.code, 0);
  EXPECT_THAT(Run({"version"}).output, HasSubstr(EIDA_VERSION));
}

TEST_F(ProgramTest, ABackupServesWhatWasThere) {
  Subprocess process = Serve();
  Client client = Connect();
  const auto submitted = client.Submit(TinyStudy(client));
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  const std::string big(size_t{9} << 20, 'x');
  const Digest digest = client.Put(big);
  const std::string copy = dir_.path() + "/copy";
  const Ended ended = Run({"backup", "--data", data_, "-o", copy});
  EXPECT_EQ(ended.exit.code, 0) << ended.output;
  EXPECT_EQ(Run({"backup", "--data", data_, "-o", copy}).exit.code, 1);
  EXPECT_EQ(Run({"backup", "--data", dir_.path() + "/none", "-o", copy + "2"}).exit.code, 1);
  process.Kill(SIGKILL);
  process.Wait();
  data_ = copy;
  Subprocess restored = Serve();
  Client other = Connect();
  EXPECT_EQ(other.Sweep(submitted->sweep()).state(), v1::SWEEP_STATE_RUNNING);
  EXPECT_EQ(*other.Get(digest) == big, true);
}

TEST_F(ProgramTest, ItDiesWithItsParent) {
  // A shell starts the coordinator and is then killed; with the flag the coordinator follows it.
  const std::string ready = dir_.path() + "/ready";
  SubprocessOptions options = Options({});
  options.argv = {"/bin/sh", "-c",
                  options.argv[0] + " serve --data " + data_ +
                      " --listen 127.0.0.1:0 --die-with-parent"
                      " --ready-file " +
                      ready + " & wait"};
  auto shell = Subprocess::Start(options);
  ASSERT_TRUE(shell.ok());
  while (!FileExists(ready)) std::this_thread::sleep_for(Millis(5));
  const pid_t pid = (*ReadJsonFile(ready))["pid"].get<pid_t>();
  EXPECT_EQ(::kill(pid, 0), 0);
  shell->Kill(SIGKILL);
  shell->Wait();
  bool gone = false;
  for (int i = 0; i < 6000 && !gone; ++i) {
    std::this_thread::sleep_for(Millis(10));
    const auto stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
    gone = !stat.ok() || stat->find(") Z ") != std::string::npos;
  }
  EXPECT_TRUE(gone);
}

// RELIABILITY T1: killed at every boundary of the first commits and answers. What was acknowledged
// is there after the restart; asking for everything again with the same keys ends with each thing
// done exactly once.
TEST_F(ProgramTest, KilledAtEveryCommitBoundaryNothingAcknowledgedIsLost) {
  const Study study = TinyStudyAndContents();
  const auto put_all = [&](Client& client) {
    for (const std::string& content : study.contents) {
      if (!client.PutAs(DigestOf(content).str(), static_cast<int64_t>(content.size()), content)
               .ok())
        return false;
    }
    return true;
  };
  const auto submit = [&](Client& client, int key) {
    v1::SubmitRequest request = study.request;
    request.set_idempotency_key("key" + std::to_string(key));
    return client.Submit(request);
  };
  constexpr int kSweeps = 4;
  constexpr int kStep = kSanitized ? 4 : 1;
  int crashes = 0, expected = 0;
  for (const char* point : {"before_commit", "after_commit", "before_reply"}) {
    for (int n = 1; n <= 8; n += kStep) {
      ++expected;
      const std::string what = std::string(point) + ":" + std::to_string(n);
      data_ = dir_.path() + "/" + what;
      int64_t acknowledged = 0;
      {
        Subprocess process = Serve(what);
        Client client = Connect();
        bool alive = put_all(client);
        for (int i = 0; alive && i < kSweeps; ++i) {
          alive = submit(client, i).ok();
          acknowledged += alive;
        }
        for (int i = 0; alive && i < 5; ++i) {
          alive = FakeWorker(client, "w" + std::to_string(i), 1).Sync(Millis(0)).ok();
        }
        // A call that failed although the process lives would leave the test waiting for ever.
        const ExitStatus exit =
            alive ? Killed(process) : EndedWithin(process, std::chrono::seconds(30));
        EXPECT_EQ(exit.signaled, alive) << what;
        if (!alive) EXPECT_EQ(exit.code, 137) << what << "\n" << *ReadFile(log_);
        crashes += !alive;
      }
      Subprocess again = Serve();
      Client client = Connect();
      v1::ListSweepsReply sweeps;
      ASSERT_TRUE(client.sweeps->ListSweeps(client.Context().get(), {}, &sweeps).ok());
      EXPECT_GE(sweeps.sweeps_size(), acknowledged) << what;
      EXPECT_LE(sweeps.sweeps_size(), acknowledged + 1) << what;
      ASSERT_TRUE(put_all(client));
      for (int i = 0; i < kSweeps; ++i) EXPECT_TRUE(submit(client, i).ok()) << what;
      ASSERT_TRUE(client.sweeps->ListSweeps(client.Context().get(), {}, &sweeps).ok());
      EXPECT_EQ(sweeps.sweeps_size(), kSweeps) << what;
    }
  }
  EXPECT_EQ(crashes, expected) << "some failpoints were not reached";
}

}  // namespace
}  // namespace eida::testing
