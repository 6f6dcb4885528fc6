// Decisions that depend on nothing but their arguments.
#pragma once

#include "common/domain/records.h"

namespace eida::sched {

enum class Verdict : uint8_t { kAgainNow, kAgainLater, kGiveUp };

struct RetryDecision {
  Verdict verdict = Verdict::kGiveUp;
  bool free = false;  // counts towards max_free, not towards max
  Millis delay{0};    // for kAgainLater
};

// The fault of the infrastructure, not of the job: worker_lost, preempted, io.
constexpr bool IsFree(ErrorClass error) {
  return error == ErrorClass::kWorkerLost || error == ErrorClass::kPreempted ||
         error == ErrorClass::kIo;
}

// How to answer one more failure of class `error` after `failures` counted and `free_failures` free
// ones. Of each sort, `max` (`max_free`) failures are answered with another try and the next one is
// final. Counted ones wait for backoff x 2^failures (at most max_backoff), io for one backoff,
// worker_lost and preempted for nothing.
RetryDecision DecideRetry(const RetryPolicy& policy, ErrorClass error, int failures,
                          int free_failures);

// A sweep's claim on slots: doubles with each step of priority (clamped to +-20).
double Weight(int priority);

// Jobs that share one process profitably when their bundle keys are equal.
constexpr bool CanBundle(JobKind kind) {
  return kind == JobKind::kPath || kind == JobKind::kEvaluate || kind == JobKind::kGram ||
         kind == JobKind::kTrain || kind == JobKind::kGenerate;
}

struct BundleFacts {
  int64_t ready = 0;       // ready jobs with the same kind and key
  int64_t active = 0;      // such jobs that are at work, when each slot shall have as many
  int total_slots = 0;     // of all workers that take leases
  int64_t free_slots = 0;  // free now, anywhere
  int64_t allowance = -1;  // active jobs that the sweep may still add; -1 = no limit
  int max_bundle = 64;
};
// How many of them to put into one lease: as many as still leave work for every other slot, at
// least one. Short jobs are dealt out in ever smaller bundles, so that all slots end together; of
// long ones, which go on side by side in their bundle, each slot gets its share at once.
int BundleSize(const BundleFacts& facts);

// The state of a sweep with `by_state[s]` jobs in each JobState: running while any job is not
// terminal; then cancelled if any job was cancelled (by a person or by max_failures), else failed
// if any job failed, else succeeded.
template <class Counts>
constexpr SweepState SweepStateOf(const Counts& by_state) {
  const auto count = [&by_state](JobState s) { return by_state[static_cast<size_t>(s)]; };
  for (const JobState s : {JobState::kBlocked, JobState::kReady, JobState::kBackoff,
                           JobState::kLeased, JobState::kRunning}) {
    if (count(s) > 0) return SweepState::kRunning;
  }
  if (count(JobState::kCancelled) > 0) return SweepState::kCancelled;
  if (count(JobState::kFailed) > 0) return SweepState::kFailed;
  return SweepState::kSucceeded;
}

}  // namespace eida::sched
