#include "server/sched/fatal.h"

#include <cstdio>
#include <cstdlib>

namespace eida::sched {

void Fatal(const std::string& message) {
  std::fprintf(
      stderr,
      "fatal: %s (this is a bug; the process ends so that a restart recovers from the store)\n",
      message.c_str());
  std::abort();
}

}  // namespace eida::sched
