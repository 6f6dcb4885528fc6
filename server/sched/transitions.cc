#include "server/sched/transitions.h"

namespace eida::sched {

const char* ToString(JobEvent event) {
  constexpr const char* kTexts[kJobEvents] = {
      "unblocked", "leased",   "started",       "succeeded",       "reused",
      "retried",   "delayed",  "due",           "failed",          "cancelled",
      "skipped",   "recaused", "revived ready", "revived blocked", "recalled"};
  return kTexts[static_cast<size_t>(event)];
}

}  // namespace eida::sched
