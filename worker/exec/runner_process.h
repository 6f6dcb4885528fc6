// One running eida-runner: started under a supervisor, its events and log read until it is gone,
// stopped on request.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "worker/exec/bundle.h"
#include "worker/exec/launcher.h"
#include "worker/exec/line_splitter.h"

namespace eida::exec {

struct RunnerOptions {
  std::string supervisor;  // program whose `supervise` is SuperviseMain
  std::string runner;
  std::string job_file;
  std::string work_dir;                    // the runner's current directory
  std::vector<int> cpus;                   // its cores, set before it starts; empty = the worker's
  int threads = 1;                         // OMP_NUM_THREADS, MKL_NUM_THREADS
  std::map<std::string, std::string> env;  // on top
  size_t max_event_bytes = 4 << 20;        // a longer event line is garbage
  size_t max_log_bytes = 4096;             // a longer log line is cut
};

class RunnerSink {
 public:
  virtual ~RunnerSink() = default;
  virtual void OnEvent(const Event& event) = 0;
  // A line of the runner's stdout or stderr, or our remark about a line that is no event; valid
  // UTF-8.
  virtual void OnLog(const std::string& line) = 0;
};

// Run is called once, from one thread; Stop and Kill from any. The destructor kills what still
// runs.
class RunnerProcess {
 public:
  static Result<std::unique_ptr<RunnerProcess>> Start(Launcher& launcher,
                                                      const RunnerOptions& options,
                                                      const Clock& clock = Clock::System());
  ~RunnerProcess();

  // Delivers events and log lines on the calling thread until the runner and all that it started
  // are gone. The sink must be quick: while it works, the runner's pipes fill.
  ProcessEnd Run(RunnerSink& sink);
  // SIGTERM now, SIGKILL to every descendant after `grace`. Again with a shorter grace: the shorter
  // one counts.
  void Stop(Millis grace);
  // SIGKILL to every descendant now.
  void Kill() { Stop(Millis(0)); }
  pid_t pid() const { return process_.pid(); }  // of the supervisor, which leads the process group

 private:
  RunnerProcess(Subprocess process, int output_fd, int wake_fd, const RunnerOptions& options,
                const Clock& clock);
  bool Drain(int fd, LineSplitter& lines, const LineSplitter::Sink& sink);
  void OnEventLine(const LineSplitter::Line& line, RunnerSink& sink);
  void OnLogLine(const LineSplitter::Line& line, RunnerSink& sink);
  void Remark(const std::string& text, RunnerSink& sink);
  // Sends the signals that are due. Milliseconds until the next one is, at most `limit`.
  int SendDueSignals(int limit);

  const Clock& clock_;
  Subprocess process_;
  const int output_fd_;
  const int wake_fd_;
  LineSplitter events_;
  LineSplitter log_;
  std::deque<std::string> tail_;
  int garbage_ = 0;
  std::mutex mutex_;
  std::optional<TimePoint> kill_at_;  // set by Stop; guarded by mutex_
  int signals_sent_ = 0;              // 1 = SIGTERM, 2 = kill all, 3 = SIGKILL to the group
};

}  // namespace eida::exec
