// How long a sweep still takes: remaining jobs / slots x a moving average of durations per kind.
#pragma once

#include <map>
#include <string>

#include "common/base/clock.h"
#include "eida/v1/sweep.pb.h"

namespace eida::client {

struct TimeLeft {
  Millis low{-1}, high{-1};  // negative: too little has finished to say
  bool known() const { return high.count() >= 0; }
};

// Durations of finished jobs as they come in; newer ones weigh more.
class Durations {
 public:
  // Call with each state of the sweep, in order.
  void See(const v1::SweepProgress& progress);
  // A range once three jobs have finished, before that low = high. Unknown while a kind of which
  // nothing has finished runs; kinds that have not begun are left out.
  TimeLeft Left(const v1::SweepProgress& progress) const;

 private:
  struct Kind {
    int64_t finished = 0;
    double seconds = 0;              // of all finished
    double mean = 0, deviation = 0;  // moving averages
  };
  std::map<int, Kind> kinds_;
};

// "about 3m20s left", "2m50s to 4m10s left"; "" when unknown.
std::string LeftText(const TimeLeft& left);

// Of one kind: all jobs, those that ended, and of these those that did not succeed.
struct KindCounts {
  int64_t all = 0, done = 0, bad = 0, running = 0, ready = 0;
};
KindCounts CountsOf(const v1::KindProgress& kind);

}  // namespace eida::client
