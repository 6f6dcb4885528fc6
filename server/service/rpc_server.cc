#include "server/service/rpc_server.h"

#include <atomic>
#include <thread>

#include "common/base/fs.h"
#include "common/rpc/channel.h"
#include "grpc/support/time.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"
#include "server/service/call_metrics.h"
#include "server/service/services.h"

namespace eida::service {
namespace {

Result<std::shared_ptr<grpc::ServerCredentials>> Credentials(const RpcServerOptions& options) {
  if (options.tls_cert.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions ssl(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  EIDA_ASSIGN_OR_RETURN(pair.cert_chain, ReadFile(options.tls_cert));
  EIDA_ASSIGN_OR_RETURN(pair.private_key, ReadFile(options.tls_key));
  ssl.pem_key_cert_pairs.push_back(std::move(pair));
  return grpc::SslServerCredentials(ssl);
}

}  // namespace

// Members in the order of dependency: the server goes first, then what its calls use.
struct RpcServer::Impl {
  Impl(const RpcServerOptions& options, const RpcServerPorts& ports)
      : guard(options.token,
              [&m = ports.metrics](const char* reason) {
                m.auth_failures.Add({"grpc", reason});
              }),
        pool(static_cast<size_t>(options.threads)),
        call{guard, pool, options.before_reply},
        sweeps(ports.scheduler, ports.records, ports.content, ports.planner, ports.clock),
        workers(ports.scheduler, ports.content),
        sweep_service(MakeSweepService(call, sweeps, ports.scheduler, ports.records,
                                       [&m = ports.metrics](int n) { m.watch_streams.Add(n); })),
        worker_service(MakeWorkerService(call, workers, ports.scheduler)),
        artifact_service(MakeArtifactService(call, ports.content)) {}

  std::atomic<int> in_flight{0};
  Guard guard;
  asio::thread_pool pool;
  CallContext call;
  SweepHandlers sweeps;
  WorkerHandlers workers;
  std::unique_ptr<grpc::Service> sweep_service;
  std::unique_ptr<grpc::Service> worker_service;
  std::unique_ptr<grpc::Service> artifact_service;
  std::unique_ptr<grpc::Server> server;
  rpc::Address bound;
};

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcServerOptions& options,
                                                    const RpcServerPorts& ports) {
  EIDA_ASSIGN_OR_RETURN(const auto credentials, Credentials(options));
  grpc::EnableDefaultHealthCheckService(true);
  auto impl = std::make_unique<Impl>(options, ports);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen.ToString(), credentials, &port);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT,
                             0);  // a second coordinator on the port must fail, not share it
  builder.SetMaxReceiveMessageSize(rpc::kMaxMessageBytes);
  builder.SetMaxSendMessageSize(rpc::kMaxMessageBytes);
  // Clients ask every 20 s whether we are there; we ask them, so that calls of a host that vanished
  // end.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.RegisterService(impl->sweep_service.get());
  builder.RegisterService(impl->worker_service.get());
  builder.RegisterService(impl->artifact_service.get());
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(MakeCallMetrics(ports.metrics, impl->in_flight));
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || port == 0) {
    return FailedPrecondition(
        "address " + options.listen.ToString() +
        ": cannot listen there: the port is taken, the host is not this machine, or the TLS files "
        "do not fit together; choose another one with --listen (port 0 takes any free one)");
  }
  impl->bound = {options.listen.host, port};
  return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
}

RpcServer::~RpcServer() { Shutdown(Millis(0)); }

rpc::Address RpcServer::address() const { return impl_->bound; }

void RpcServer::Shutdown(Millis grace) {
  if (impl_->server == nullptr) return;
  if (auto* health = impl_->server->GetHealthCheckService()) health->SetServingStatus(false);
  // gRPC's own grace waits for idle connections, too: wait for the calls here, then end everything.
  constexpr Millis kStep{5};
  for (Millis waited{0}; impl_->in_flight > 0 && waited < grace; waited += kStep) {
    std::this_thread::sleep_for(kStep);
  }
  impl_->server->Shutdown(gpr_now(GPR_CLOCK_MONOTONIC));
  impl_->server->Wait();
  impl_->server.reset();
  impl_->pool.join();
}

}  // namespace eida::service
