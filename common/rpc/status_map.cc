#include "common/rpc/status_map.h"

namespace eida::rpc {

grpc::Status ToGrpc(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(static_cast<int>(status.code())),
                      Message(status));
}

Status FromGrpc(const grpc::Status& status, const std::string& what) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return OkStatus();
    case grpc::StatusCode::UNAVAILABLE:
      return Unavailable(what + ": the coordinator does not answer (" + status.error_message() +
                         "); is `eida-coordinator serve` running there?");
    case grpc::StatusCode::CANCELLED:  // by the coordinator, or by a caller that asks nobody why
      return Unavailable(what +
                         ": the coordinator ended the call, as it does when it stops; "
                         "try again when it is back");
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return DeadlineExceeded(what +
                              ": no answer in time; try again, or give it longer with --timeout");
    case grpc::StatusCode::UNIMPLEMENTED:
      return FailedPrecondition(
          what +
          ": the coordinator does not know this call; use the same version of Eida on both sides");
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return FailedPrecondition(what + ": " + status.error_message());
    default:
      return Status(static_cast<absl::StatusCode>(static_cast<int>(status.error_code())),
                    status.error_message());
  }
}

}  // namespace eida::rpc
