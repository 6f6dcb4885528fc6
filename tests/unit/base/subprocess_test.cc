#include "common/base/subprocess.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fs.h"
#include "common/base/text.h"
#include "gtest/gtest.h"

namespace eida {
namespace {

SubprocessOptions Shell(const std::string& script) {
  SubprocessOptions options;
  options.argv = {"/bin/sh", "-c", script};
  return options;
}

// Polls until the process is gone (or a zombie); false after about three seconds.
bool Gone(pid_t pid) {
  for (int i = 0; i < 300; ++i) {
    if (kill(pid, 0) != 0) return true;
    const Result<std::string> stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
    if (!stat.ok() || stat->find(") Z ") != std::string::npos) return true;
    usleep(10'000);
  }
  return false;
}

pid_t ReadPid(const std::string& path) {
  for (int i = 0; i < 300; ++i) {
    const Result<std::string> text = ReadFile(path);
    if (text.ok() && text->find('\n') != std::string::npos) return std::stoi(*text);
    usleep(10'000);
  }
  return -1;
}

TEST(SubprocessTest, ReportsExitCodesAndSignals) {
  Result<Subprocess> three = Subprocess::Start(Shell("exit 3"));
  ASSERT_TRUE(three.ok());
  EXPECT_EQ(three->Wait().ToString(), "exit 3");
  Result<Subprocess> killed = Subprocess::Start(Shell("kill -9 $$"));
  EXPECT_EQ(killed->Wait().ToString(), "killed by SIGKILL");
  EXPECT_FALSE(killed->Wait().ok());
}

TEST(SubprocessTest, AProgramThatIsNotThereIsAnErrorAtStart) {
  SubprocessOptions options;
  options.argv = {"/no/such/program"};
  const Result<Subprocess> process = Subprocess::Start(options);
  EXPECT_EQ(process.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(Message(process.status()).find("/no/such/program"), std::string::npos);
}

TEST(SubprocessTest, AChildInheritsNoOtherDescriptors) {
  TempDir dir;
  int leaky[2];
  ASSERT_EQ(pipe(leaky), 0);  // as libraries do, without O_CLOEXEC
  SubprocessOptions options = Shell("for fd in /proc/$$/fd/*; do readlink $fd; done; exit 0");
  options.stdout_path = dir.path() + "/out";
  options.event_fd = 3;
  Result<Subprocess> process = Subprocess::Start(options);
  ASSERT_TRUE(process.ok());
  EXPECT_TRUE(process->Wait().ok());
  struct stat info {};
  ASSERT_EQ(fstat(leaky[0], &info), 0);
  const std::string held = *ReadFile(dir.path() + "/out");
  EXPECT_EQ(held.find("pipe:[" + std::to_string(info.st_ino) + "]"), std::string::npos) << held;
  EXPECT_NE(held.find("pipe:["), std::string::npos) << "the event pipe is there: " << held;
  close(leaky[0]);
  close(leaky[1]);
}

TEST(SubprocessTest, EnvironmentDirectoryAndOutputAreAsAsked) {
  TempDir dir;
  SubprocessOptions options = Shell("echo $WHAT; pwd");
  options.env["WHAT"] = "this";
  options.cwd = dir.path();
  options.stdout_path = JoinPath(dir.path(), "out");
  EXPECT_TRUE(Subprocess::Start(options)->Wait().ok());
  EXPECT_EQ(*ReadFile(*options.stdout_path), "this\n" + dir.path() + "\n");
}

TEST(SubprocessTest, EventsArriveOnTheAskedDescriptor) {
  SubprocessOptions options = Shell("echo hello >&3");
  options.event_fd = 3;
  Result<Subprocess> process = Subprocess::Start(options);
  ASSERT_TRUE(process.ok());
  char buffer[16] = {};
  EXPECT_EQ(read(process->event_fd(), buffer, sizeof buffer), 6);
  EXPECT_STREQ(buffer, "hello\n");
  EXPECT_EQ(read(process->event_fd(), buffer, sizeof buffer), 0);
  EXPECT_TRUE(process->Wait().ok());
}

TEST(SubprocessTest, KillingTheGroupReachesGrandchildren) {
  TempDir dir;
  const std::string file = JoinPath(dir.path(), "pid");
  Result<Subprocess> process = Subprocess::Start(Shell("sleep 100 & echo $! > " + file + "; wait"));
  const pid_t grandchild = ReadPid(file);
  ASSERT_GT(grandchild, 0);
  process->KillGroup(SIGKILL);
  process->Wait();
  EXPECT_TRUE(Gone(grandchild));
}

TEST(SubprocessTest, PollDoesNotWait) {
  Result<Subprocess> process = Subprocess::Start(Shell("sleep 100"));
  EXPECT_FALSE(process->Poll().has_value());
  process->Kill(SIGTERM);
  EXPECT_EQ(process->Wait().code, SIGTERM);
  EXPECT_TRUE(process->Poll()->signaled);
}

TEST(SubprocessTest, TheChildDiesWithItsParent) {
  TempDir dir;
  const std::string file = JoinPath(dir.path(), "pid");
  const pid_t parent = fork();
  if (parent == 0) {
    Result<Subprocess> process = Subprocess::Start(Shell("echo $$ > " + file + "; exec sleep 100"));
    pause();
  }
  const pid_t child = ReadPid(file);
  ASSERT_GT(child, 0);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(Gone(child));
}

TEST(SubprocessTest, TheDestructorLeavesNothingBehind) {
  pid_t pid = 0;
  {
    Result<Subprocess> process = Subprocess::Start(Shell("sleep 100"));
    pid = process->pid();
  }
  EXPECT_TRUE(Gone(pid));
}

}  // namespace
}  // namespace eida
