// Time. Only clock.cc reads the system's clocks (lint); everyone else is handed a Clock or a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace eida {

using Millis = std::chrono::milliseconds;

// A point on the monotonic clock of this process. Leases and timers use nothing else: a jump of the
// wall clock moves none.
struct TimePoint {
  int64_t ms = 0;
  friend auto operator<=>(TimePoint, TimePoint) = default;
  friend TimePoint operator+(TimePoint t, Millis d) { return {t.ms + d.count()}; }
  friend Millis operator-(TimePoint a, TimePoint b) { return Millis(a.ms - b.ms); }
  static constexpr TimePoint Never() { return {INT64_MAX}; }
};

// Wall time, milliseconds since 1970 UTC. For people and rows; never for decisions.
struct WallTime {
  int64_t ms = 0;
  friend auto operator<=>(WallTime, WallTime) = default;
};

// Both clocks, read at one moment; what the pure rooms take as `now`.
struct Now {
  TimePoint mono;
  WallTime wall;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now Read() const = 0;
  static const Clock& System();
};

class FakeClock : public Clock {
 public:
  Now Read() const override { return now_; }
  void Advance(Millis by) {
    now_.mono.ms += by.count();
    now_.wall.ms += by.count();
  }
  void JumpWall(Millis by) { now_.wall.ms += by.count(); }

 private:
  Now now_{{1'000'000}, {1'700'000'000'000}};
};

// Seconds since it was made, to the microsecond. For metrics about our own work; never for
// decisions.
class Stopwatch {
 public:
  Stopwatch();
  double Seconds() const;

 private:
  int64_t start_ns_;
};

// RFC 3339 in UTC with milliseconds: 2026-11-23T10:20:30.123Z. "" for 0.
std::string FormatTime(WallTime time);
// 1h02m, 3m20s, 12.3s, 45ms: two significant parts, for people.
std::string FormatDuration(Millis duration);

}  // namespace eida
