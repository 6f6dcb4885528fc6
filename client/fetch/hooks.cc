#include "client/fetch/hooks.h"

#include <algorithm>
#include <thread>

namespace eida::fetch {

Status Sleep(const Hooks& hooks, Millis delay) {
  constexpr Millis kSlice{50};
  for (Millis left = delay; left.count() > 0; left -= kSlice) {
    EIDA_RETURN_IF_ERROR(hooks.stop());
    std::this_thread::sleep_for(std::min(left, kSlice));
  }
  return hooks.stop();
}

Status Repeat(const Patience& patience, const Hooks& hooks, const Attempt& attempt) {
  Millis delay = patience.first;
  for (int failures = 1;; ++failures) {
    bool progressed = false;
    Millis wait{0};
    const Status status = attempt(&progressed, &wait);
    if (status.code() != absl::StatusCode::kUnavailable) return status;
    if (progressed) {
      failures = 1;
      delay = patience.first;
    }
    if (failures >= patience.attempts)
      return Unavailable(Message(status) + " (tried " + std::to_string(failures) + " times)");
    const Millis pause = std::min(std::max(delay, wait), patience.most);
    hooks.note(Message(status) + "; trying again in " + FormatDuration(pause));
    EIDA_RETURN_IF_ERROR(Sleep(hooks, pause));
    delay = std::min(2 * delay, patience.most);
  }
}

}  // namespace eida::fetch
