// grpc_server_*: every call is counted and timed, under the names of go-grpc-prometheus.
#pragma once

#include <memory>

#include "common/telemetry/coordinator_metrics.h"
#include "grpcpp/support/server_interceptor.h"

namespace eida::service {

// `metrics` outlives the server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallMetrics(
    telemetry::CoordinatorMetrics& metrics);

}  // namespace eida::service
