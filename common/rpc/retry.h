// Tries a call again while the coordinator is not there.
//   Status s = Retry(options, stop).Run([&] { return client.Submit(...); });
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace eida::rpc {

struct RetryOptions {
  int attempts = 5;   // calls in all
  Millis first{100};  // wait after the first failure; doubles up to `most`
  Millis most{5'000};
  uint64_t seed = 0;  // of the jitter; 0 = another one in every process
};

// Wait before try number `failures` + 1: min(first * 2^(failures-1), most) scaled by a factor in
// [0.5, 1] that `unit` in [0, 1) picks. Spreads a herd of workers after a restart.
Millis BackoffDelay(const RetryOptions& options, int failures, double unit);

// Repeats UNAVAILABLE and nothing else: every call of ours is safe to repeat. Not thread-safe.
class Retry {
 public:
  explicit Retry(RetryOptions options = {}, std::stop_token stop = {});
  // Returns the last answer; at once when `stop` is requested.
  Status Run(const std::function<Status()>& call);
  template <class T>
  Result<T> RunFor(const std::function<Result<T>()>& call) {
    Result<T> result = Unavailable("not tried");
    const Status status = Run([&] {
      result = call();
      return result.status();
    });
    return result;
  }
  // Waits for `delay`; false when `stop` came first.
  static bool Sleep(Millis delay, std::stop_token stop);

 private:
  RetryOptions options_;
  std::stop_token stop_;
};

}  // namespace eida::rpc
