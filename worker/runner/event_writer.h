// Runner events (docs/formats.md section 2) as JSON lines on a descriptor.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "common/base/clock.h"
#include "worker/engine/job.h"

namespace eida::runner {

// 3 when it is open for writing, else 1.
int EventDescriptor();

// Each line leaves in one piece. Not thread-safe: one job runs at a time.
class EventWriter {
 public:
  explicit EventWriter(int fd) : fd_(fd) {}
  // {"event": type, "job": job, ...fields}. NaN and infinities become null.
  void Write(const std::string& type, int64_t job, Json fields);
  // A reader that has gone away (or a full disk behind the descriptor): nothing said since has
  // arrived.
  bool broken() const { return broken_; }

 private:
  int fd_;
  bool broken_ = false;
};

// What a running job speaks to. Progress of a unit is written at most ten times a second, its last
// step always.
class JobEvents : public engine::Events {
 public:
  // `stop` is set by the signal handler; all outlive it.
  JobEvents(EventWriter& writer, int64_t job, const std::atomic<bool>& stop, const Clock& clock)
      : writer_(writer), job_(job), stop_(stop), clock_(clock) {}
  void Progress(int64_t done, int64_t total, const std::string& unit) override;
  void Metric(const std::string& series, int64_t step, double value) override;
  void Checkpoint(int64_t step, const std::string& path, const Json& metrics) override;
  bool StopRequested() override {
    return stop_.load(std::memory_order_relaxed) || writer_.broken();
  }

 private:
  EventWriter& writer_;
  int64_t job_;
  const std::atomic<bool>& stop_;
  const Clock& clock_;
  std::map<std::string, TimePoint> next_progress_;  // per unit
};

}  // namespace eida::runner
