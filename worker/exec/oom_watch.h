// Did the kernel's OOM killer strike in our control group?
#pragma once

#include <cstdint>
#include <string>

namespace eida::exec {

// Reads the kill counter of the process's control group (v2 memory.events, v1 memory.oom_control)
// when made. Where there is none, nothing is ever reported.
class OomWatch {
 public:
  OomWatch();
  // Reads the given file instead. For tests.
  explicit OomWatch(std::string path);
  // What to add to the message of a process that SIGKILL ended; "" when the counter stands where it
  // stood.
  std::string Hint() const;

 private:
  std::string path_;
  int64_t before_ = 0;
};

}  // namespace eida::exec
