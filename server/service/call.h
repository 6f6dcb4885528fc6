// Between gRPC's callbacks and the handlers: the guard, and threads that may wait for the disk
// (gRPC's must not).
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "common/base/asio.h"
#include "common/base/log.h"
#include "common/rpc/status_map.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "server/service/auth.h"
#include "server/service/ports.h"

namespace eida::service {

struct CallContext {
  const Guard& guard;
  asio::thread_pool& pool;
  std::function<void()> before_reply;  // may be empty

  Status Allow(grpc::CallbackServerContext& context, const char* method) const {
    const auto it = context.client_metadata().find("authorization");
    const bool there = it != context.client_metadata().end();
    return guard.Check(method,
                       there ? std::string(it->second.data(), it->second.size()) : std::string());
  }
  void Reply() const {
    if (before_reply) before_reply();
  }
};

// Finishes a unary call once, whoever comes first.
template <class Reply>
class Finisher {
 public:
  Finisher(const CallContext& call, grpc::ServerUnaryReactor* reactor, Reply* reply)
      : call_(call), reactor_(reactor), reply_(reply) {}
  void operator()(Result<Reply> result) {
    if (done_.exchange(true)) return;
    if (result.ok()) *reply_ = std::move(*result);
    call_.Reply();
    reactor_->Finish(rpc::ToGrpc(result.status()));
  }

 private:
  const CallContext& call_;
  grpc::ServerUnaryReactor* reactor_;
  Reply* reply_;
  std::atomic<bool> done_{false};
};

// Runs `handle(request, done)` on the pool after the guard has said yes. What it throws is an
// Internal error of the call.
template <class Request, class Reply, class Handle>
grpc::ServerUnaryReactor* Unary(const CallContext& call, const char* method,
                                grpc::CallbackServerContext* context, const Request* request,
                                Reply* reply, grpc::ServerUnaryReactor* reactor, Handle handle) {
  if (const Status allowed = call.Allow(*context, method); !allowed.ok()) {
    reactor->Finish(rpc::ToGrpc(allowed));
    return reactor;
  }
  auto finish = std::make_shared<Finisher<Reply>>(call, reactor, reply);
  asio::post(call.pool, [request, finish, method, handle = std::move(handle)] {
    try {
      handle(*request, [finish](Result<Reply> result) { (*finish)(std::move(result)); });
    } catch (const std::exception& error) {
      EIDA_ERROR("{}: {}", method, error.what());
      (*finish)(Internal(std::string(method) + ": " + error.what()));
    }
  });
  return reactor;
}

}  // namespace eida::service
