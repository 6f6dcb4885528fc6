#include "worker/agent/reporter.h"

#include <functional>

#include "common/base/log.h"

namespace eida::agent {
namespace {

// The coordinator will never take this: it cannot read it, or the content that it names is gone.
bool IsHopeless(const Status& status) {
  return status.code() == absl::StatusCode::kInvalidArgument ||
         status.code() == absl::StatusCode::kOutOfRange ||
         status.code() == absl::StatusCode::kResourceExhausted ||
         status.code() == absl::StatusCode::kFailedPrecondition;
}

// What the coordinator is told of the job instead.
Finished GivenUp(const Status& status) {
  const bool gone = status.code() == absl::StatusCode::kFailedPrecondition;
  return {gone ? ErrorClass::kIo : ErrorClass::kInternal,
          "the coordinator did not take the report: " + Message(status),
          "",
          {}};
}

}  // namespace

Reporter::Reporter(CoordinatorPort& port, WorkerId worker, std::string session,
                   ReporterOptions options, std::function<void(const Key&)> on_stale)
    : port_(port),
      worker_(std::move(worker)),
      session_(std::move(session)),
      options_(options),
      on_stale_(std::move(on_stale)),
      batch_limit_(options.max_batch_reports),
      thread_([this](std::stop_token stop) { Loop(std::move(stop)); }) {}

Reporter::~Reporter() = default;

void Reporter::Add(const Key& key, ReportItem item) {
  {
    const std::lock_guard lock(mutex_);
    spool_.Add(key, std::move(item));
  }
  changed_.notify_all();
}

void Reporter::Forget(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    spool_.Forget(key);
  }
  changed_.notify_all();
}

void Reporter::Retire(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    spool_.Retire(key);
  }
  changed_.notify_all();
}

bool Reporter::WaitFlushed(const Key& key, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait(lock, std::move(stop), [&] { return spool_.Empty(key); });
}

// Takes the answer to a batch into account; stale attempts are announced.
void Reporter::Settle(const std::vector<JobReport>& batch,
                      const Result<std::vector<ReportVerdict>>& verdicts) {
  std::vector<Key> stale;
  {
    const std::lock_guard lock(mutex_);
    if (verdicts.ok()) {
      if (away_) EIDA_INFO("reports are accepted again");
      away_ = false;
      batch_limit_ = options_.max_batch_reports;
      stale = spool_.Acknowledge(batch, *verdicts);
    } else if (IsHopeless(verdicts.status()) && batch_limit_ > 1) {
      batch_limit_ = 1;
    } else if (IsHopeless(verdicts.status())) {
      const Key key{batch.front().job, batch.front().attempt};
      EIDA_ERROR(
          "the coordinator does not take the report of job {} attempt {}; the job is given up: {}",
          key.first.ToString(), key.second, Message(verdicts.status()));
      // Only a report ends a job: a lease that is merely dropped would be granted again for ever.
      spool_.EndInstead(key, GivenUp(verdicts.status()));
      stale.push_back(key);
    } else if (!away_) {
      away_ = true;
      EIDA_WARN("reports wait in memory: {}", Message(verdicts.status()));
    }
  }
  changed_.notify_all();
  for (const Key& key : stale) on_stale_(key);
}

void Reporter::Loop(std::stop_token stop) {
  Backoff backoff(options_.backoff, std::hash<std::string>()(session_));
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait(lock, stop, [this] { return !spool_.Empty(); });
    changed_.wait_for(lock, stop, options_.interval, [this] { return spool_.Urgent(); });
    const std::vector<JobReport> batch = spool_.Take(options_.max_batch_bytes, batch_limit_);
    if (stop.stop_requested() || batch.empty()) continue;
    lock.unlock();
    Result<std::vector<ReportVerdict>> verdicts = port_.Report(worker_, session_, batch, stop);
    if (verdicts.ok() && verdicts->size() != batch.size()) {
      verdicts = Internal("the coordinator answered " + std::to_string(verdicts->size()) +
                          " verdicts to " + std::to_string(batch.size()) + " reports");
    }
    Settle(batch, verdicts);
    if (verdicts.ok()) {
      backoff.Reset();
    } else if (!IsHopeless(verdicts.status())) {
      SleepFor(backoff.Next(), stop);
    }
    lock.lock();
  }
}

}  // namespace eida::agent
