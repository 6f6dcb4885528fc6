// What libraries throw, turned into a Status of the job's error classes.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "common/base/status.h"

namespace eida::engine {

// The status of what body throws, OK when it throws nothing. libtorch's and the standard library's
// out-of-memory become `oom`, any other exception is `internal`; messages begin with `where`.
Status Guarded(const std::string& where, const std::function<void()>& body);

// The body's own result, or the status of what it throws.
template <class T>
T GuardedResult(const std::string& where, const std::function<T()>& body) {
  T result = Internal(where + "no result");
  const Status status = Guarded(where, [&] { result = body(); });
  return status.ok() ? std::move(result) : T(status);
}

}  // namespace eida::engine
