#include "worker/exec/bundle.h"

#include <algorithm>
#include <csignal>

namespace eida::exec {
namespace {

std::optional<Outcome> EndOf(const Event& event) {
  if (const auto* done = std::get_if<Done>(&event.body)) {
    return Outcome{event.job, ErrorClass::kNone, "", done->summary};
  }
  if (const auto* failed = std::get_if<Failed>(&event.body)) {
    return Outcome{event.job, failed->error, failed->message, ""};
  }
  if (std::holds_alternative<Preempted>(event.body)) {
    return Outcome{event.job, ErrorClass::kPreempted,
                   "the runner was stopped and left its checkpoint", ""};
  }
  return std::nullopt;
}

std::string CrashMessage(const ProcessEnd& end, const std::string& when) {
  std::string message = "runner " + when + ": " + end.exit.ToString();
  if (end.exit.ok()) message += " without a `done` event";
  if (end.exit.signaled && end.exit.code == SIGKILL && end.hint.empty()) {
    message += " (by the kernel's OOM killer or by hand: see dmesg)";
  }
  if (!end.hint.empty()) message += "; " + end.hint;
  if (!end.log_tail.empty()) message += "; last log lines:\n" + end.log_tail;
  return message;
}

}  // namespace

Bundle::Bundle(std::vector<JobId> jobs) {
  for (JobId job : jobs) entries_.push_back({job});
}

Result<Accepted> Bundle::OnEvent(const Event& event) {
  const auto it = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& e) { return e.job == event.job; });
  if (it == entries_.end()) {
    return FailedPrecondition("event of job " + event.job.ToString() +
                              ", which this runner was not given");
  }
  if (it->phase == Phase::kEnded) {
    return FailedPrecondition("event of job " + event.job.ToString() + ", which had already ended");
  }
  Accepted accepted{it->phase == Phase::kWaiting, EndOf(event)};
  it->phase = accepted.end ? Phase::kEnded : Phase::kRunning;
  return accepted;
}

std::vector<Outcome> Bundle::OnEnd(const ProcessEnd& end) {
  const bool any_began = std::any_of(entries_.begin(), entries_.end(),
                                     [](const Entry& e) { return e.phase != Phase::kWaiting; });
  bool blame_waiting = !any_began || end.exit.ok();
  std::vector<Outcome> outcomes;
  for (Entry& entry : entries_) {
    if (entry.phase == Phase::kEnded) continue;
    const bool running = entry.phase == Phase::kRunning;
    entry.phase = Phase::kEnded;
    if (end.stopped) {
      outcomes.push_back({entry.job, ErrorClass::kPreempted,
                          running ? "stopped by the worker (" + end.exit.ToString() + ")"
                                  : "stopped by the worker before it started",
                          ""});
    } else if (running) {
      outcomes.push_back(
          {entry.job, ErrorClass::kCrashed, CrashMessage(end, "ended during the job"), ""});
    } else if (blame_waiting) {
      blame_waiting = false;
      outcomes.push_back(
          {entry.job, ErrorClass::kCrashed, CrashMessage(end, "ended before the job started"), ""});
    } else {
      outcomes.push_back(
          {entry.job, ErrorClass::kPreempted,
           "the runner ended (" + end.exit.ToString() + ") before this job of its bundle started",
           ""});
    }
  }
  return outcomes;
}

bool Bundle::AllEnded() const {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const Entry& e) { return e.phase == Phase::kEnded; });
}

std::vector<JobId> Bundle::Running() const {
  std::vector<JobId> running;
  for (const Entry& entry : entries_) {
    if (entry.phase == Phase::kRunning) running.push_back(entry.job);
  }
  return running;
}

}  // namespace eida::exec
