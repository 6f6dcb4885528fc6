// Termination signals as calls on a thread.
#pragma once

#include <functional>
#include <thread>

namespace eida::agent {

// Blocks SIGTERM, SIGINT and SIGHUP for the calling thread and all threads that it starts later,
// and calls `handle` with 1, 2, .. for each that arrives, on a thread of its own. REQUIRES: made
// before any other thread. SIGPIPE is ignored.
class Signals {
 public:
  explicit Signals(std::function<void(int)> handle);
  ~Signals();

 private:
  int signal_fd_ = -1;
  int wake_fd_ = -1;
  std::thread thread_;
};

}  // namespace eida::agent
