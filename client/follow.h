// Follows a sweep to its end, showing progress on stderr.
#pragma once

#include "client/context.h"

namespace eida::client {

struct FollowResult {
  v1::SweepProgress last;
  bool interrupted = false;  // Ctrl-C
  bool timed_out = false;
};

// `timeout` 0 = none. On a terminal the block is redrawn at most ten times a second; elsewhere a
// line every 30 s, when a kind of job is complete, and at the end.
Result<FollowResult> Follow(Context& context, Api& api, SweepId sweep, Millis timeout);

// Exit code of a sweep that ended: 0, 7 (failed, cancelled), 124, 130; says what failed.
int EndedCode(Context& context, const FollowResult& result);

}  // namespace eida::client
