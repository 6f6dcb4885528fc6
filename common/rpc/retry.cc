#include "common/rpc/retry.h"

#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "common/base/rng.h"

namespace eida::rpc {

Millis BackoffDelay(const RetryOptions& options, int failures, double unit) {
  double ms = static_cast<double>(options.first.count());
  for (int i = 1; i < failures && ms < static_cast<double>(options.most.count()); ++i) ms *= 2;
  ms = std::min(ms, static_cast<double>(options.most.count()));
  return Millis(static_cast<int64_t>(ms * (0.5 + 0.5 * unit)));
}

Retry::Retry(RetryOptions options, std::stop_token stop)
    : options_(options), stop_(std::move(stop)) {}

bool Retry::Sleep(Millis delay, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, delay, [] { return false; });
  return !stop.stop_requested();
}

Status Retry::Run(const std::function<Status()>& call) {
  const uint64_t seed = options_.seed != 0 ? options_.seed : static_cast<uint64_t>(::getpid());
  Rng rng(seed, "retry");
  for (int failures = 1;; ++failures) {
    Status status = call();
    if (status.code() != absl::StatusCode::kUnavailable || failures >= options_.attempts)
      return status;
    if (!Sleep(BackoffDelay(options_, failures, rng.Unit()), stop_)) return status;
  }
}

}  // namespace eida::rpc
