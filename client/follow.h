// Follows a sweep to its end, or until something holds, showing progress on stderr.
#pragma once

#include <functional>
#include <vector>

#include "client/context.h"

namespace eida::client {

// What a caller of Follow looks for: go on, found, or can no longer be.
enum class Verdict { kWait, kMet, kNever };

struct FollowOptions {
  // Each job on a line of its own, workers and failures: `watch`.
  bool live = false;
  // Asked at most three times a second and once at the end; stops at anything but kWait.
  std::function<Result<Verdict>(const v1::SweepProgress&)> until;
  // Called with each state, also when it is the same again.
  std::function<void(const v1::SweepProgress&)> seen;
};

struct FollowResult {
  v1::SweepProgress last;
  std::vector<v1::Event> failures;  // seen on the way, oldest first
  Verdict verdict = Verdict::kWait;
  bool interrupted = false;  // Ctrl-C
  bool timed_out = false;    // --timeout
};

// On a terminal the block is redrawn at most ten times a second; elsewhere a line every 30 s and
// when a kind of job is complete. With -q neither. `--timeout` counts from `since` (0 = now).
Result<FollowResult> Follow(Context& context, Api& api, SweepId sweep,
                            const FollowOptions& options = {}, TimePoint since = {});

// Exit code of a sweep that ended: 0, 7 (failed, cancelled), 124, 130; says what failed.
int EndedCode(Context& context, const FollowResult& result);

}  // namespace eida::client
