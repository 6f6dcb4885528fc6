#include "eida/v1/sweep.grpc.pb.h"
#include "server/service/services.h"
#include "server/service/watch.h"

namespace eida::service {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

class SweepService final : public v1::SweepService::CallbackService {
 public:
  SweepService(const CallContext& call, SweepHandlers& handlers, Scheduler& scheduler,
               Records& records, std::function<void(int)> watching)
      : call_(call),
        handlers_(handlers),
        scheduler_(scheduler),
        records_(records),
        watching_(std::move(watching)) {}

#define EIDA_UNARY(Method)                                                                        \
  Reactor* Method(Context* context, const v1::Method##Request* request, v1::Method##Reply* reply) \
      override {                                                                                  \
    return Unary(call_, "SweepService/" #Method, context, request, reply,                         \
                 context->DefaultReactor(),                                                       \
                 [this](const v1::Method##Request& q, Done<v1::Method##Reply> done) {             \
                   handlers_.Method(q, std::move(done));                                          \
                 });                                                                              \
  }
  EIDA_UNARY(Submit)
  EIDA_UNARY(Export)
  EIDA_UNARY(Cancel)
  EIDA_UNARY(Retry)
  EIDA_UNARY(ListSweeps)
  EIDA_UNARY(ListRuns)
  EIDA_UNARY(ListJobs)
  EIDA_UNARY(ListCheckpoints)
  EIDA_UNARY(ListMetrics)
  EIDA_UNARY(ListLogs)
  EIDA_UNARY(ListEvents)
  EIDA_UNARY(ListWorkers)
  EIDA_UNARY(DrainWorker)
  EIDA_UNARY(Status)
#undef EIDA_UNARY

  grpc::ServerWriteReactor<v1::SweepProgress>* Watch(Context* context,
                                                     const v1::WatchRequest* request) override {
    const eida::Status allowed = call_.Allow(*context, "SweepService/Watch");
    return StartWatch(call_, scheduler_, records_, SweepId(request->sweep()), allowed, watching_);
  }

 private:
  const CallContext& call_;
  SweepHandlers& handlers_;
  Scheduler& scheduler_;
  Records& records_;
  std::function<void(int)> watching_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSweepService(const CallContext& call, SweepHandlers& handlers,
                                                Scheduler& scheduler, Records& records,
                                                std::function<void(int)> watching) {
  return std::make_unique<SweepService>(call, handlers, scheduler, records, std::move(watching));
}

}  // namespace eida::service
