// A child process in its own process group that dies with its parent.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida {

struct SubprocessOptions {
  std::vector<std::string> argv;           // argv[0] is a path; PATH is not searched
  std::map<std::string, std::string> env;  // set on top of the parent's environment
  std::string cwd;                         // "" = the parent's
  std::vector<int> cpus;  // CPU affinity of the child, set before exec; empty = the parent's
  std::optional<std::string> stdout_path;  // append to this file; absent = inherited
  std::optional<std::string> stderr_path;
  std::optional<int> output_fd;  // stdout and stderr both go to this descriptor of the parent's
  // A pipe whose write end the child gets as this descriptor (for example 3); read it with
  // event_fd().
  std::optional<int> event_fd;
  bool new_group = true;  // own process group, so that KillGroup reaches grandchildren
};

struct ExitStatus {
  bool signaled = false;
  int code = 0;  // exit code, or the signal
  bool ok() const { return !signaled && code == 0; }
  std::string ToString() const;  // "exit 3", "killed by SIGKILL"
};

// Owns the child: the destructor kills the group and reaps. Not thread-safe, except Kill and
// KillGroup.
class Subprocess {
 public:
  // The child inherits no descriptor but its standard ones and event_fd, and gets PR_SET_PDEATHSIG
  // = SIGKILL before exec. The thread that starts it must outlive it (Linux ties the death signal
  // to the thread): start from a thread that lives as long as the process.
  static Result<Subprocess> Start(const SubprocessOptions& options);
  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&& other) noexcept;
  ~Subprocess();

  pid_t pid() const { return pid_; }
  int event_fd() const { return event_fd_; }  // -1 when none; owned
  void Kill(int signal) const;                // the child only
  void KillGroup(int signal) const;           // the child and everything it started
  // Waits; the same answer again after the first time.
  ExitStatus Wait();
  // Nothing while it runs.
  std::optional<ExitStatus> Poll();

 private:
  Subprocess() = default;
  pid_t pid_ = -1;
  int event_fd_ = -1;
  bool group_ = false;
  std::optional<ExitStatus> exit_;
};

}  // namespace eida
