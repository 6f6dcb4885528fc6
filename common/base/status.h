// Status and Result: how every expected failure travels. Exceptions stay inside libraries and are
// caught at their edge. Messages name the thing, the place, the reason and the next step; they are
// shown to users as they are.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace eida {

using Status = absl::Status;
template <class T>
using Result = absl::StatusOr<T>;

inline Status OkStatus() { return absl::OkStatus(); }
Status InvalidArgument(
    const std::string& message);              // the input is wrong whatever the state (exit code 2)
Status NotFound(const std::string& message);  // exit code 3
Status Unauthenticated(const std::string& message);  // exit code 4
Status FailedPrecondition(
    const std::string& message);                   // conflict with the present state (exit code 5)
Status AlreadyExists(const std::string& message);  // exit code 5
Status Unavailable(const std::string& message);    // try again later (exit code 6)
Status DeadlineExceeded(const std::string& message);  // exit code 124
Status Internal(const std::string& message);          // our bug, or a broken system (exit code 1)
Status DataLoss(const std::string& message);          // stored bytes are not what was written

// The message as std::string (absl::string_view is not std::string_view on Debian 12).
std::string Message(const Status& status);
// The same code with `context: ` in front of the message.
Status Annotate(const Status& status, const std::string& context);
// "what: strerror". NotFound for ENOENT; FailedPrecondition for what somebody must change first (a
// full disk, rights, a port in use); Unavailable for what may pass; Internal for what is our
// mistake.
Status ErrnoStatus(int error_number, const std::string& what);

}  // namespace eida

#define EIDA_CONCAT_INNER(a, b) a##b
#define EIDA_CONCAT(a, b) EIDA_CONCAT_INNER(a, b)
#define EIDA_RETURN_IF_ERROR(expr)                                                  \
  do {                                                                              \
    if (::eida::Status eida_status = (expr); !eida_status.ok()) return eida_status; \
  } while (false)
#define EIDA_ASSIGN_OR_RETURN(lhs, expr) \
  EIDA_ASSIGN_OR_RETURN_INNER(EIDA_CONCAT(eida_result_, __LINE__), lhs, expr)
#define EIDA_ASSIGN_OR_RETURN_INNER(result, lhs, expr) \
  auto result = (expr);                                \
  if (!result.ok()) return result.status();            \
  lhs = std::move(result).value()
