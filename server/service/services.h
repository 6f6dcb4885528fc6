// The gRPC services. Adapters only: what a call does stands in handlers.h, transfer.h and watch.h.
#pragma once

#include <memory>

#include "grpcpp/impl/codegen/service_type.h"
#include "server/service/call.h"
#include "server/service/handlers.h"

namespace eida::service {

// `watching(+1 / -1)` counts streams. All arguments outlive the service.
std::unique_ptr<grpc::Service> MakeSweepService(const CallContext& call, SweepHandlers& handlers,
                                                Scheduler& scheduler, Records& records,
                                                std::function<void(int)> watching);
std::unique_ptr<grpc::Service> MakeWorkerService(const CallContext& call, WorkerHandlers& handlers,
                                                 Scheduler& scheduler);
std::unique_ptr<grpc::Service> MakeArtifactService(const CallContext& call, Content& content);

}  // namespace eida::service
