// A sweep's progress as text. Pure: state in, text out.
#pragma once

#include <string>

#include "client/output/eta.h"
#include "common/base/clock.h"
#include "common/render/terminal.h"
#include "eida/v1/sweep.pb.h"

namespace eida::client {

struct ProgressStyle {
  int width = 80;
  bool color = false;
  bool unicode = true;
};

// One bar per job kind, what runs now, counts and the time left. Several lines, each at most
// `width` columns, with a line feed.
std::string ProgressBlock(const v1::SweepProgress& progress, const TimeLeft& left, Millis elapsed,
                          const ProgressStyle& style);
// The same with a line for each job that runs, the workers, and the last failures: `watch`.
std::string LiveBlock(const v1::SweepProgress& progress, const TimeLeft& left, Millis elapsed,
                      WallTime now, const ProgressStyle& style);
// The same in one plain line, without a line feed.
std::string ProgressLine(const v1::SweepProgress& progress, const TimeLeft& left, Millis elapsed);

struct Totals {
  int64_t jobs = 0, done = 0, failed = 0, reused = 0, running = 0;
};
Totals TotalsOf(const v1::SweepProgress& progress);

// `width` columns, filled from the left by eighths of a column; '#' and '.' without unicode.
std::string Bar(double fraction, int width, bool unicode);

}  // namespace eida::client
