#include "common/base/clock.h"

#include <cstdio>
#include <ctime>

namespace eida {
namespace {

int64_t MonotonicNs() {
  timespec ts{};
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return int64_t{ts.tv_sec} * 1'000'000'000 + ts.tv_nsec;
}

class SystemClock : public Clock {
 public:
  Now Read() const override { return {{ReadMs(CLOCK_MONOTONIC)}, {ReadMs(CLOCK_REALTIME)}}; }

 private:
  static int64_t ReadMs(clockid_t id) {
    timespec ts{};
    clock_gettime(id, &ts);
    return int64_t{ts.tv_sec} * 1000 + ts.tv_nsec / 1'000'000;
  }
};

}  // namespace

const Clock& Clock::System() {
  static const SystemClock clock;
  return clock;
}

Stopwatch::Stopwatch() : start_ns_(MonotonicNs()) {}

double Stopwatch::Seconds() const { return static_cast<double>(MonotonicNs() - start_ns_) * 1e-9; }

std::string FormatTime(WallTime time) {
  if (time.ms == 0) return "";
  const time_t seconds = time.ms / 1000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  const size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(time.ms % 1000));
  return text;
}

std::string FormatDuration(Millis duration) {
  const int64_t ms = duration.count();
  char text[64];
  if (ms < 1000) {
    snprintf(text, sizeof text, "%lldms", static_cast<long long>(ms));
  } else if (ms < 60'000) {
    snprintf(text, sizeof text, "%.1fs", ms / 1000.0);
  } else if (ms < 3'600'000) {
    snprintf(text, sizeof text, "%lldm%02llds", static_cast<long long>(ms / 60'000),
             static_cast<long long>(ms / 1000 % 60));
  } else {
    snprintf(text, sizeof text, "%lldh%02lldm", static_cast<long long>(ms / 3'600'000),
             static_cast<long long>(ms / 60'000 % 60));
  }
  return text;
}

}  // namespace eida
