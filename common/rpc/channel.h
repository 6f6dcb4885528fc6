// The client's end of a connection to the coordinator: where, with which token, under which
// certificate authority.
#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"

namespace eida::rpc {

constexpr int kMaxMessageBytes =
    64 << 20;  // a plan of ten thousand jobs fits; content is streamed in chunks
constexpr int kChunkBytes = 256 << 10;  // of Put and Get
constexpr Millis kUnaryDeadline{30'000};

struct Endpoint {
  std::string address;  // host:port
  std::string token;    // "" = none (only a coordinator started with --insecure answers)
  std::string ca_file;  // PEM; "" = no TLS, which is allowed to loopback only
};

// Cheap to copy, thread-safe. Connects lazily; reconnects by itself.
class Connection {
 public:
  // InvalidArgument for a bad address, FailedPrecondition for plain text beyond loopback; does not
  // touch the network.
  static Result<Connection> Open(const Endpoint& endpoint);
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const std::string& address() const { return address_; }
  // Puts token and deadline on the call. Millis(0) = no deadline, for streams and nothing else.
  void Prepare(grpc::ClientContext& context, Millis deadline = kUnaryDeadline) const;

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::string address_;
  std::string authorization_;
};

}  // namespace eida::rpc
