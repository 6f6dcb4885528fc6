// How long to wait before the next try.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/base/status.h"

namespace eida::agent {

// Exponential with jitter: each wait is drawn from [d/2, d], and d doubles up to `limit`. The
// jitter keeps a fleet of workers from coming back in one instant. Not thread-safe.
class Backoff {
 public:
  struct Options {
    Millis first{200};
    Millis limit{2'000};
  };
  Backoff(Options options, uint64_t seed) : options_(options), next_(options.first), rng_(seed) {}
  Millis Next() {
    const int64_t d = next_.count();
    next_ = std::min(next_ * 2, options_.limit);
    return Millis(d / 2 + static_cast<int64_t>(rng_.Unit() * static_cast<double>(d - d / 2)));
  }
  void Reset() { next_ = options_.first; }

 private:
  const Options options_;
  Millis next_;
  Rng rng_;
};

// Returns early, with false, when `stop` is requested.
inline bool SleepFor(Millis time, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

// An error that goes away by itself.
inline bool IsTransient(const Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

}  // namespace eida::agent
