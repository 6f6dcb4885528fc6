// The gRPC server in front of the handlers: the four services and grpc.health, one port, one guard.
#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/rpc/address.h"
#include "common/telemetry/coordinator_metrics.h"
#include "server/service/planner.h"
#include "server/service/ports.h"

namespace eida::service {

struct RpcServerOptions {
  rpc::Address listen;   // port 0 = any free one
  std::string tls_cert;  // PEM files; "" = plain text
  std::string tls_key;
  std::string token;  // "" = none is asked for
  int threads = 4;    // for handlers, which may wait for the disk
  // Called before each reply of Submit, Report and the like leaves; for crash tests. May be empty.
  std::function<void()> before_reply;
};

// What the handlers work on. All outlive the server.
struct RpcServerPorts {
  Scheduler& scheduler;
  Records& records;
  Content& content;
  Planner& planner;
  telemetry::CoordinatorMetrics& metrics;
  const Clock& clock;
};

class RpcServer {
 public:
  // FailedPrecondition naming the address and the next step when it cannot listen there.
  static Result<std::unique_ptr<RpcServer>> Start(const RpcServerOptions& options,
                                                  const RpcServerPorts& ports);
  // As Shutdown with no patience.
  ~RpcServer();
  rpc::Address address() const;
  // Takes no new calls, gives those in flight `grace`, then cancels them. The scheduler must still
  // answer meanwhile.
  void Shutdown(Millis grace);

 private:
  struct Impl;
  explicit RpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace eida::service
