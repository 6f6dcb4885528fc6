#include "common/rpc/channel.h"

#include <chrono>

#include "common/base/fs.h"
#include "common/rpc/address.h"
#include "grpc/support/time.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace eida::rpc {

Result<Connection> Connection::Open(const Endpoint& endpoint) {
  EIDA_ASSIGN_OR_RETURN(const Address address, ParseAddress(endpoint.address));
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  if (!endpoint.ca_file.empty()) {
    grpc::SslCredentialsOptions ssl;
    EIDA_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadFile(endpoint.ca_file));
    credentials = grpc::SslCredentials(ssl);
  } else if (address.IsLoopback()) {
    credentials = grpc::InsecureChannelCredentials();
  } else {
    return FailedPrecondition(
        "coordinator " + address.ToString() +
        ": beyond loopback the token may only travel encrypted; name the certificate authority "
        "with --cacert");
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  // A half-open connection is noticed within 30 s; reconnects do not wait the two minutes that are
  // gRPC's default.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // In spite of its name, how long one attempt to connect may take: a busy machine or a handshake
  // far away needs more than the pause between attempts.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A connection of its own for each object: a worker and a client in one process do not share a
  // fate.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  Connection out;
  out.address_ = address.ToString();
  out.channel_ = grpc::CreateCustomChannel(out.address_, credentials, arguments);
  if (!endpoint.token.empty()) out.authorization_ = "Bearer " + endpoint.token;
  return out;
}

void Connection::Prepare(grpc::ClientContext& context, Millis deadline) const {
  if (!authorization_.empty()) context.AddMetadata("authorization", authorization_);
  if (deadline.count() > 0) {
    context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                      gpr_time_from_millis(deadline.count(), GPR_TIMESPAN)));
  }
}

}  // namespace eida::rpc
