// The one table between our codes and gRPC's. The numbers are equal; the message travels as it is.
#pragma once

#include "common/base/status.h"
#include "grpcpp/support/status.h"

namespace eida::rpc {

grpc::Status ToGrpc(const Status& status);
// `what` names the call in front of the messages that gRPC itself makes ("failed to connect ..."),
// with the next step.
Status FromGrpc(const grpc::Status& status, const std::string& what);

}  // namespace eida::rpc
