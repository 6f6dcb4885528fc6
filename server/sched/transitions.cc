#include "server/sched/transitions.h"

#include <cstdio>
#include <cstdlib>

#include "server/sched/fatal.h"

namespace eida::sched {

const char* ToString(JobEvent event) {
  constexpr const char* kTexts[kJobEvents] = {
      "unblocked", "leased",    "started", "succeeded", "reused",   "retried",       "delayed",
      "due",       "failed",    "cancelled", "skipped", "recaused", "revived ready", "revived blocked"};
  return kTexts[static_cast<size_t>(event)];
}

void Fatal(const std::string& message) {
  std::fprintf(stderr, "fatal: %s (this is a bug; the process ends so that a restart recovers from the store)\n",
               message.c_str());
  std::abort();
}

}  // namespace eida::sched
