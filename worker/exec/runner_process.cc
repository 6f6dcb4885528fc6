#include "worker/exec/runner_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "common/base/text.h"
#include "worker/exec/oom_watch.h"

namespace eida::exec {
namespace {

constexpr int kEventFd = 3;
constexpr size_t kTailLines = 20;
constexpr int kGarbageRemarks = 5;
constexpr int kPollMs =
    100;  // how soon an end is noticed when a stray process holds the pipes open
constexpr Millis kSupervisorGrace{
    2000};  // for killing every descendant, before the whole group is killed

void SetNonBlocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

std::map<std::string, std::string> Environment(const RunnerOptions& options) {
  std::map<std::string, std::string> env = options.env;
  env["OMP_NUM_THREADS"] = env["MKL_NUM_THREADS"] = std::to_string(options.threads);
  return env;
}

}  // namespace

Result<std::unique_ptr<RunnerProcess>> RunnerProcess::Start(Launcher& launcher,
                                                            const RunnerOptions& options,
                                                            const Clock& clock) {
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) return ErrnoStatus(errno, "pipe for the runner's log");
  SubprocessOptions process;
  process.argv = {options.supervisor, "supervise", std::to_string(getpid()), options.runner,
                  options.job_file};
  process.env = Environment(options);
  process.cwd = options.work_dir;
  process.cpus = options.cpus;
  process.output_fd = output[1];
  process.event_fd = kEventFd;
  Result<Subprocess> started = launcher.Start(process);
  close(output[1]);
  const int wake = started.ok() ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
  if (wake < 0) {
    const int error = errno;
    close(output[0]);
    return started.ok() ? ErrnoStatus(error, "eventfd") : started.status();
  }
  return std::unique_ptr<RunnerProcess>(
      new RunnerProcess(std::move(started).value(), output[0], wake, options, clock));
}

RunnerProcess::RunnerProcess(Subprocess process, int output_fd, int wake_fd,
                             const RunnerOptions& options, const Clock& clock)
    : clock_(clock),
      process_(std::move(process)),
      output_fd_(output_fd),
      wake_fd_(wake_fd),
      events_(options.max_event_bytes),
      log_(options.max_log_bytes) {
  SetNonBlocking(process_.event_fd());
  SetNonBlocking(output_fd_);
}

RunnerProcess::~RunnerProcess() {
  if (!process_.Poll()) process_.Kill(SIGUSR2);
  const TimePoint deadline = clock_.Read().mono + kSupervisorGrace;
  while (!process_.Poll() && clock_.Read().mono < deadline) usleep(1000);
  close(output_fd_);
  close(wake_fd_);
}

void RunnerProcess::Stop(Millis grace) {
  {
    const std::lock_guard lock(mutex_);
    const TimePoint at = clock_.Read().mono + grace;
    kill_at_ = std::min(kill_at_.value_or(at), at);
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(wake_fd_, &one, sizeof one);
}

int RunnerProcess::SendDueSignals(int limit) {
  const std::lock_guard lock(mutex_);
  if (!kill_at_) return limit;
  const TimePoint now = clock_.Read().mono;
  const TimePoint due[] = {now, *kill_at_, *kill_at_ + kSupervisorGrace};
  while (signals_sent_ < 3 && due[signals_sent_] <= now) {
    if (signals_sent_ == 0) process_.Kill(SIGTERM);
    if (signals_sent_ == 1) process_.Kill(SIGUSR2);
    if (signals_sent_ == 2) process_.KillGroup(SIGKILL);
    ++signals_sent_;
  }
  if (signals_sent_ == 3) return limit;
  return static_cast<int>(std::clamp<int64_t>((due[signals_sent_] - now).count(), 1, limit));
}

void RunnerProcess::Remark(const std::string& text, RunnerSink& sink) {
  if (++garbage_ > kGarbageRemarks) return;
  sink.OnLog("eida-worker: " + text +
             (garbage_ == kGarbageRemarks ? " (further ones are not reported)" : ""));
}

void RunnerProcess::OnEventLine(const LineSplitter::Line& line, RunnerSink& sink) {
  if (line.text.empty()) return;
  if (line.cut)
    return Remark("the runner wrote an event longer than " +
                      FormatBytes(static_cast<int64_t>(line.text.size())) + "; it was dropped",
                  sink);
  const Result<Event> event = ParseEvent(line.text);
  if (event.ok()) return sink.OnEvent(*event);
  Remark("the runner wrote a line that is no event (" + CleanText(Message(event.status())) +
             "): " + Ellipsis(CleanText(line.text), 120),
         sink);
}

void RunnerProcess::OnLogLine(const LineSplitter::Line& line, RunnerSink& sink) {
  const std::string text = CleanText(line.text) + (line.cut ? "…" : "");
  tail_.push_back(Ellipsis(text, 300));
  if (tail_.size() > kTailLines) tail_.pop_front();
  sink.OnLog(text);
}

// Reads what is there. False at the end of the pipe.
bool RunnerProcess::Drain(int fd, LineSplitter& lines, const LineSplitter::Sink& sink) {
  char buffer[1 << 16];
  // Bounded, so that a flood on one pipe starves neither the other nor the signals.
  for (int round = 0; round < 16; ++round) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n > 0) lines.Feed(buffer, static_cast<size_t>(n), sink);
    if (n == 0) return false;
    if (n < 0 && errno != EINTR) return errno == EAGAIN;
  }
  return true;
}

ProcessEnd RunnerProcess::Run(RunnerSink& sink) {
  const OomWatch oom;
  const LineSplitter::Sink on_event = [&](const LineSplitter::Line& line) {
    OnEventLine(line, sink);
  };
  const LineSplitter::Sink on_log = [&](const LineSplitter::Line& line) { OnLogLine(line, sink); };
  bool events_open = true, log_open = true;
  while (events_open || log_open) {
    pollfd fds[] = {{events_open ? process_.event_fd() : -1, POLLIN, 0},
                    {log_open ? output_fd_ : -1, POLLIN, 0},
                    {wake_fd_, POLLIN, 0}};
    poll(fds, 3, SendDueSignals(kPollMs));
    uint64_t woken;
    [[maybe_unused]] const ssize_t n = read(wake_fd_, &woken, sizeof woken);
    const bool gone =
        process_.Poll().has_value();  // before the pipes are read: nothing can be written after it
    if (events_open) events_open = Drain(process_.event_fd(), events_, on_event);
    if (log_open) log_open = Drain(output_fd_, log_, on_log);
    if (gone) break;
  }
  ProcessEnd end;
  while (!process_.Poll()) {
    SendDueSignals(1);
    usleep(1000);
  }
  end.exit = process_.Wait();
  for (int i = 0; i < 64 && events_open; ++i)
    events_open = Drain(process_.event_fd(), events_, on_event);
  for (int i = 0; i < 64 && log_open; ++i) log_open = Drain(output_fd_, log_, on_log);
  events_.Finish(on_event);
  log_.Finish(on_log);
  {
    const std::lock_guard lock(mutex_);
    end.stopped = kill_at_.has_value();
  }
  if (end.exit.signaled && end.exit.code == SIGKILL && !end.stopped) end.hint = oom.Hint();
  end.log_tail = Join({tail_.begin(), tail_.end()}, "\n");
  return end;
}

}  // namespace eida::exec
