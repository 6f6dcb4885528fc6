// The life of a job as one table: state x event -> state. Everything that is not in it is a bug of
// ours.
#pragma once

#include <array>
#include <string>

#include "common/domain/enums.h"

namespace eida::sched {

enum class JobEvent : uint8_t {
  kUnblocked,  // the last parent that it waited for has ended
  kLeased,     // granted to a worker
  kStarted,    // the worker said that it runs
  kSucceeded,
  kReused,   // a twin's result was taken over
  kRetried,  // the attempt failed; again at once
  kDelayed,  // the attempt failed; again after backoff
  kDue,      // the backoff is over
  kFailed,
  kCancelled,
  kSkipped,         // an ancestor failed or was cancelled
  kRecaused,        // still skipped, for another reason
  kRevivedReady,    // a person asked for a retry
  kRevivedBlocked,  // the same, but it waits for parents that are retried too
  kRecalled,        // it made do without a parent that is retried
};
constexpr size_t kJobEvents = 15;
constexpr size_t kJobStates = 10;  // JobState values are 1..9; 0 in the table = illegal

using TransitionTable = std::array<std::array<JobState, kJobEvents>, kJobStates>;

constexpr TransitionTable MakeTransitions() {
  using S = JobState;
  using E = JobEvent;
  TransitionTable table{};
  const auto add = [&table](S from, E event, S to) {
    table[static_cast<size_t>(from)][static_cast<size_t>(event)] = to;
  };
  add(S::kBlocked, E::kUnblocked, S::kReady);
  add(S::kBlocked, E::kCancelled, S::kCancelled);
  add(S::kBlocked, E::kSkipped, S::kSkipped);
  add(S::kReady, E::kLeased, S::kLeased);
  add(S::kReady, E::kReused, S::kSucceeded);
  add(S::kReady, E::kCancelled, S::kCancelled);
  add(S::kBackoff, E::kDue, S::kReady);
  add(S::kBackoff, E::kCancelled, S::kCancelled);
  add(S::kLeased, E::kStarted, S::kRunning);
  for (const S active : {S::kLeased, S::kRunning}) {
    add(active, E::kSucceeded, S::kSucceeded);
    add(active, E::kRetried, S::kReady);
    add(active, E::kDelayed, S::kBackoff);
    add(active, E::kFailed, S::kFailed);
    add(active, E::kCancelled, S::kCancelled);
  }
  add(S::kSkipped, E::kRecaused, S::kSkipped);
  for (const S over : {S::kFailed, S::kCancelled, S::kSkipped}) {
    add(over, E::kRevivedReady, S::kReady);
    add(over, E::kRevivedBlocked, S::kBlocked);
  }
  for (const S waits :
       {S::kReady, S::kBackoff, S::kLeased, S::kRunning, S::kSucceeded})  // lacking something
    add(waits, E::kRecalled, S::kBlocked);
  return table;
}
inline constexpr TransitionTable kTransitions = MakeTransitions();

// The state after `event`, or JobState{} when a job in state `from` cannot live through it.
constexpr JobState NextState(JobState from, JobEvent event) {
  return kTransitions[static_cast<size_t>(from)][static_cast<size_t>(event)];
}

static_assert(
    [] {
      const auto& row = kTransitions[static_cast<size_t>(JobState::kSucceeded)];
      for (size_t event = 0; event < row.size(); ++event) {
        if (row[event] != JobState{} && event != static_cast<size_t>(JobEvent::kRecalled))
          return false;
      }
      return true;
    }(),
    "succeeded is for ever, but for a result that lacks something");

const char* ToString(JobEvent event);

}  // namespace eida::sched
