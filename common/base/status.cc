#include "common/base/status.h"

#include <cerrno>
#include <cstring>

namespace eida {

Status InvalidArgument(const std::string& message) { return absl::InvalidArgumentError(message); }
Status NotFound(const std::string& message) { return absl::NotFoundError(message); }
Status Unauthenticated(const std::string& message) { return absl::UnauthenticatedError(message); }
Status FailedPrecondition(const std::string& message) {
  return absl::FailedPreconditionError(message);
}
Status AlreadyExists(const std::string& message) { return absl::AlreadyExistsError(message); }
Status Unavailable(const std::string& message) { return absl::UnavailableError(message); }
Status DeadlineExceeded(const std::string& message) { return absl::DeadlineExceededError(message); }
Status Internal(const std::string& message) { return absl::InternalError(message); }
Status DataLoss(const std::string& message) { return absl::DataLossError(message); }

std::string Message(const Status& status) {
  return std::string(status.message().data(), status.message().size());
}

Status Annotate(const Status& status, const std::string& context) {
  if (status.ok()) return status;
  return Status(status.code(), context + ": " + Message(status));
}

Status ErrnoStatus(int error_number, const std::string& what) {
  const std::string message = what + ": " + std::strerror(error_number);
  switch (error_number) {
    case ENOENT:
      return NotFound(message);
    case EEXIST:
      return AlreadyExists(message);
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EACCES:
    case EPERM:
    case EROFS:
    case EADDRINUSE:
      return FailedPrecondition(message);
    case EMFILE:
    case ENFILE:
    case EAGAIN:
    case EIO:
      return Unavailable(message);
    default:
      return Internal(message);
  }
}

}  // namespace eida
