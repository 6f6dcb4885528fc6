// Enum numbers are equal in enums.def and in types.proto (a test holds them together), so mapping
// is a checked cast.
#pragma once

#include <string>

#include "common/base/status.h"
#include "common/domain/enums.h"
#include "eida/v1/types.pb.h"

namespace eida::wire {

inline v1::JobKind ToProto(JobKind value) { return static_cast<v1::JobKind>(value); }
inline v1::JobState ToProto(JobState value) { return static_cast<v1::JobState>(value); }
inline v1::SweepState ToProto(SweepState value) { return static_cast<v1::SweepState>(value); }
inline v1::ErrorClass ToProto(ErrorClass value) { return static_cast<v1::ErrorClass>(value); }
inline v1::WorkerState ToProto(WorkerState value) { return static_cast<v1::WorkerState>(value); }

// InvalidArgument naming `field` when the number is 0 or unknown to this version.
template <class E>
Result<E> EnumFromProto(int number, const char* field) {
  for (const E value : AllValues<E>()) {
    if (static_cast<int>(value) == number) return value;
  }
  return InvalidArgument(std::string(field) + ": value " + std::to_string(number) +
                         " is unknown here; use the same version of Eida on both sides");
}

}  // namespace eida::wire
