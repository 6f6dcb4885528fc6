#include "worker/exec/supervise.h"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace eida::exec {
namespace {

constexpr int kParentDied = SIGUSR1;
constexpr int kKillAll = SIGUSR2;

// Parent of a process by /proc/PID/stat, whose second field may hold anything in parentheses; -1
// when it is gone.
pid_t ParentOf(const char* pid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  FILE* file = fopen(path, "re");
  if (file == nullptr) return -1;
  const size_t n = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[n] = '\0';
  const char* end = strrchr(text, ')');
  int parent = -1;
  if (end == nullptr || sscanf(end + 1, " %*c %d", &parent) != 1) return -1;
  return parent;
}

void KillChildren() {
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return;
  const pid_t self = getpid();
  while (const dirent* entry = readdir(proc)) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (ParentOf(entry->d_name) == self) kill(atoi(entry->d_name), SIGKILL);
  }
  closedir(proc);
}

struct Runner {
  pid_t pid = -1;
  int status = 0;
  bool ended = false;
};

// Reaps what has ended; false when no child is left.
bool Reap(Runner& runner) {
  int status = 0;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid != runner.pid) continue;
    runner.status = status;
    runner.ended = true;
  }
  return pid == 0;
}

// A killed process hands its children to us, so killing children until there are none ends every
// generation.
void KillAll(Runner& runner) {
  while (Reap(runner)) {
    KillChildren();
    const timespec pause{0, 2'000'000};
    nanosleep(&pause, nullptr);
  }
}

[[noreturn]] void LeaveAs(int status) {
  if (!WIFSIGNALED(status)) _exit(WEXITSTATUS(status));
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int signal_number = WTERMSIG(status);
  signal(signal_number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  kill(getpid(), signal_number);
  _exit(128 + signal_number);
}

[[noreturn]] void BecomeRunner(char** argv, pid_t supervisor) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv);
  fprintf(stderr, "cannot start the runner %s: %s\n", argv[0], strerror(errno));
  _exit(127);
}

}  // namespace

int SuperviseMain(int argc, char** argv) {
  if (argc < 4) {
    fprintf(stderr, "supervise: needs the parent's process id and a program\n");
    return 2;
  }
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  prctl(PR_SET_PDEATHSIG, kParentDied);
  if (getppid() != atoi(argv[2])) return 127;  // died before the line above
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t self = getpid();
  Runner runner;
  runner.pid = fork();
  if (runner.pid == 0) BecomeRunner(argv + 3, self);
  if (runner.pid < 0) {
    fprintf(stderr, "supervise: fork: %s\n", strerror(errno));
    return 127;
  }
  close(3);  // only the runner may hold the event pipe open
  while (!runner.ended) {
    siginfo_t info{};
    const int got = sigwaitinfo(&all, &info);
    if (got == SIGCHLD) Reap(runner);
    if (got == SIGTERM && !runner.ended) kill(runner.pid, SIGTERM);
    if (got == kParentDied || got == kKillAll) break;
  }
  KillAll(runner);
  LeaveAs(runner.status);
}

}  // namespace eida::exec
