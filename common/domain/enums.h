// The persisted enums of enums.def, with their texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "common/base/status.h"

namespace eida {

enum class JobKind : uint8_t {
  kTrain = 1,
  kEvaluate,
  kGram,
  kPath,
  kMatrix,
  kSoup,
  kExport,
  kGenerate,
  kObserve
};
enum class JobState : uint8_t {
  kBlocked = 1,
  kReady,
  kBackoff,
  kLeased,
  kRunning,
  kSucceeded,
  kFailed,
  kCancelled,
  kSkipped
};
enum class SweepState : uint8_t { kRunning = 1, kSucceeded, kFailed, kCancelled };
enum class ErrorClass : uint8_t {
  kNone = 1,
  kOom,
  kNonfinite,
  kData,
  kConfig,
  kIo,
  kInternal,
  kCrashed,
  kWorkerLost,
  kPreempted,
  kCancelled
};
enum class WorkerState : uint8_t { kIdle = 1, kBusy, kDraining, kLost, kLeft };

// Text of a value ("worker_lost"), its inverse, and all values in order; specialised for each enum
// above.
const char* ToString(JobKind value);
const char* ToString(JobState value);
const char* ToString(SweepState value);
const char* ToString(ErrorClass value);
const char* ToString(WorkerState value);
// InvalidArgument naming the text and what it could have been. E is one of the enums above.
template <class E>
Result<E> ParseEnum(const std::string& text);
template <class E>
const std::vector<E>& AllValues();

// One past the largest value: the size of an array that is indexed by value.
template <class E>
constexpr size_t EndOfValues() {
  size_t end = 0;
#define EIDA_ENUM_VALUE(Enum, name, number, text) \
  if (std::is_same_v<E, Enum> && end <= number) end = number + 1;
#include "common/domain/enums.def"
#undef EIDA_ENUM_VALUE
  return end;
}

constexpr bool IsTerminal(JobState s) {
  return s == JobState::kSucceeded || s == JobState::kFailed || s == JobState::kCancelled ||
         s == JobState::kSkipped;
}
constexpr bool IsActive(JobState s) { return s == JobState::kLeased || s == JobState::kRunning; }
constexpr bool IsTerminal(SweepState s) { return s != SweepState::kRunning; }

}  // namespace eida
