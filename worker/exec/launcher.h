// The one thread that starts processes.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "common/base/subprocess.h"

namespace eida::exec {

// Linux sends a child its death signal when the *thread* that started it ends, so children are
// started by this thread, which lives as long as the object. REQUIRES: outlives every process that
// it started. Thread-safe.
class Launcher {
 public:
  Launcher();
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  // Blocks until the child has reached its program (about a millisecond) or has failed to.
  Result<Subprocess> Start(const SubprocessOptions& options);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace eida::exec
