#include "common/base/subprocess.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/fs.h"

namespace eida {
namespace {

// Everything the child needs, made before fork: after it only async-signal-safe calls are allowed.
struct ChildPlan {
  std::vector<std::string> env_storage;
  std::vector<char*> argv;
  std::vector<char*> envp;
  cpu_set_t cpus;
  bool set_cpus = false;
  const char* cwd = nullptr;
  const char* out = nullptr;
  const char* err = nullptr;
  int output = -1;
  int event_write = -1;
  int event_target = -1;
  pid_t parent = 0;
  bool new_group = true;
};

extern "C" char** environ;

ChildPlan MakePlan(const SubprocessOptions& options) {
  ChildPlan plan;
  for (const std::string& arg : options.argv) plan.argv.push_back(const_cast<char*>(arg.c_str()));
  plan.argv.push_back(nullptr);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (options.env.count(text.substr(0, text.find('='))) == 0) plan.env_storage.push_back(text);
  }
  for (const auto& [key, value] : options.env) plan.env_storage.push_back(key + "=" + value);
  for (std::string& entry : plan.env_storage) plan.envp.push_back(entry.data());
  plan.envp.push_back(nullptr);
  if (!options.cpus.empty()) {
    CPU_ZERO(&plan.cpus);
    for (int cpu : options.cpus) CPU_SET(cpu, &plan.cpus);
    plan.set_cpus = true;
  }
  if (!options.cwd.empty()) plan.cwd = options.cwd.c_str();
  if (options.stdout_path) plan.out = options.stdout_path->c_str();
  if (options.stderr_path) plan.err = options.stderr_path->c_str();
  if (options.output_fd) plan.output = *options.output_fd;
  plan.parent = getpid();
  plan.new_group = options.new_group;
  return plan;
}

bool Redirect(const char* path, int target) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
  return fd >= 0 && dup2(fd, target) >= 0 && close(fd) == 0;
}

// Runs in the child. Reports errno through `report_fd` if exec is not reached.
[[noreturn]] void RunChild(const ChildPlan& plan, int report_fd) {
  if (plan.new_group) setpgid(0, 0);
  // Libraries open sockets that a child would inherit and hold open: it gets what is asked for.
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  bool ok = getppid() == plan.parent;  // the parent may have died before prctl
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  if (ok && plan.set_cpus)
    sched_setaffinity(0, sizeof plan.cpus, &plan.cpus);  // a hint: a smaller cpuset is no error
  if (ok && plan.cwd != nullptr) ok = chdir(plan.cwd) == 0;
  if (ok && plan.output >= 0) {
    ok = dup2(plan.output, STDOUT_FILENO) >= 0 && dup2(plan.output, STDERR_FILENO) >= 0;
  }
  if (ok && plan.out != nullptr) ok = Redirect(plan.out, STDOUT_FILENO);
  if (ok && plan.err != nullptr) ok = Redirect(plan.err, STDERR_FILENO);
  if (ok && plan.event_write >= 0) {
    if (plan.event_write == plan.event_target) {
      ok = fcntl(plan.event_write, F_SETFD, 0) == 0;
    } else {
      ok = dup2(plan.event_write, plan.event_target) >= 0;
    }
  }
  if (ok) execve(plan.argv[0], plan.argv.data(), plan.envp.data());
  const int error = errno;
  [[maybe_unused]] const ssize_t n = write(report_fd, &error, sizeof error);
  _exit(127);
}

}  // namespace

std::string ExitStatus::ToString() const {
  if (!signaled) return "exit " + std::to_string(code);
  const char* name = sigabbrev_np(code);
  return std::string("killed by ") +
         (name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(code));
}

Result<Subprocess> Subprocess::Start(const SubprocessOptions& options) {
  if (options.argv.empty()) return InvalidArgument("no program to start");
  ChildPlan plan = MakePlan(options);
  int report[2], events[2] = {-1, -1};
  if (pipe2(report, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe");
  if (options.event_fd && pipe2(events, O_CLOEXEC) != 0) {
    const int error = errno;
    close(report[0]), close(report[1]);
    return ErrnoStatus(error, "pipe");
  }
  // dup2 onto the target must not overwrite the descriptor that reports a failed exec.
  int report_write = report[1];
  if (options.event_fd) {
    report_write = fcntl(report[1], F_DUPFD_CLOEXEC, *options.event_fd + 1);
    close(report[1]);
    plan.event_write = events[1];
    plan.event_target = *options.event_fd;
  }
  const pid_t pid = fork();
  if (pid == 0) RunChild(plan, report_write);
  const int fork_error = errno;
  close(report_write);
  if (events[1] >= 0) close(events[1]);
  int child_error = 0;
  ssize_t got = 0;
  if (pid > 0) {
    do got = read(report[0], &child_error, sizeof child_error);
    while (got < 0 && errno == EINTR);
  }
  close(report[0]);
  if (pid < 0 || got > 0) {
    if (events[0] >= 0) close(events[0]);
    if (pid > 0) waitpid(pid, nullptr, 0);
    return ErrnoStatus(pid < 0 ? fork_error : child_error, "cannot start " + options.argv[0]);
  }
  Subprocess process;
  process.pid_ = pid;
  process.event_fd_ = events[0];
  process.group_ = options.new_group;
  return process;
}

Subprocess::Subprocess(Subprocess&& other) noexcept { *this = std::move(other); }

Subprocess& Subprocess::operator=(Subprocess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(event_fd_, other.event_fd_);
  std::swap(group_, other.group_);
  std::swap(exit_, other.exit_);
  return *this;
}

Subprocess::~Subprocess() {
  if (pid_ > 0 && !exit_) {
    KillGroup(SIGKILL);
    Wait();
  }
  if (event_fd_ >= 0) close(event_fd_);
}

void Subprocess::Kill(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

void Subprocess::KillGroup(int signal) const {
  if (pid_ > 0) kill(group_ ? -pid_ : pid_, signal);
}

ExitStatus Subprocess::Wait() {
  while (!exit_) {
    int raw = 0;
    const pid_t got = waitpid(pid_, &raw, 0);
    if (got < 0 && errno == EINTR) continue;
    exit_ = got < 0
                ? ExitStatus{false, 255}
                : ExitStatus{WIFSIGNALED(raw), WIFSIGNALED(raw) ? WTERMSIG(raw) : WEXITSTATUS(raw)};
    // Grandchildren that outlive the child would hold its cores and memory.
    if (group_) kill(-pid_, SIGKILL);
  }
  return *exit_;
}

std::optional<ExitStatus> Subprocess::Poll() {
  if (exit_) return exit_;
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      info.si_pid == 0) {
    return std::nullopt;
  }
  return Wait();
}

}  // namespace eida
