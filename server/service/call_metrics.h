// grpc_server_*: every call is counted and timed, under the names of go-grpc-prometheus.
#pragma once

#include <atomic>
#include <memory>

#include "common/telemetry/coordinator_metrics.h"
#include "grpcpp/support/server_interceptor.h"

namespace eida::service {

// `metrics` and `in_flight` (how many calls there are now) outlive the server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeCallMetrics(
    telemetry::CoordinatorMetrics& metrics, std::atomic<int>& in_flight);

}  // namespace eida::service
