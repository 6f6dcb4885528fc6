#include "eida/v1/worker.grpc.pb.h"
#include "server/service/services.h"

namespace eida::service {
namespace {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

// Which parked call it is; shared, because the reactor may be gone before the pool's thread knows
// the number.
struct Parked {
  explicit Parked(Scheduler& s) : scheduler(s) {}
  Scheduler& scheduler;
  std::atomic<uint64_t> call{0};
  std::atomic<bool> cancelled{false};
  void Cancel() {
    cancelled = true;
    if (const uint64_t number = call; number != 0) scheduler.CancelSync(number);
  }
  void Number(uint64_t number) {
    call = number;
    if (cancelled && number != 0) scheduler.CancelSync(number);
  }
};

class SyncReactor final : public Reactor {
 public:
  explicit SyncReactor(std::shared_ptr<Parked> parked) : parked_(std::move(parked)) {}
  void OnCancel() override { parked_->Cancel(); }
  void OnDone() override { delete this; }

 private:
  std::shared_ptr<Parked> parked_;
};

class WorkerService final : public v1::WorkerService::CallbackService {
 public:
  WorkerService(const CallContext& call, WorkerHandlers& handlers, Scheduler& scheduler)
      : call_(call), handlers_(handlers), scheduler_(scheduler) {}

  Reactor* Sync(Context* context, const v1::SyncRequest* request, v1::SyncReply* reply) override {
    auto parked = std::make_shared<Parked>(scheduler_);
    return Unary(call_, "WorkerService/Sync", context, request, reply, new SyncReactor(parked),
                 [this, parked](const v1::SyncRequest& q, Done<v1::SyncReply> done) {
                   parked->Number(handlers_.Sync(q, std::move(done)));
                 });
  }
  Reactor* Report(Context* context, const v1::ReportRequest* request,
                  v1::ReportReply* reply) override {
    return Unary(call_, "WorkerService/Report", context, request, reply, context->DefaultReactor(),
                 [this](const v1::ReportRequest& q, Done<v1::ReportReply> done) {
                   handlers_.Report(q, std::move(done));
                 });
  }
  Reactor* Leave(Context* context, const v1::LeaveRequest* request,
                 v1::LeaveReply* reply) override {
    return Unary(call_, "WorkerService/Leave", context, request, reply, context->DefaultReactor(),
                 [this](const v1::LeaveRequest& q, Done<v1::LeaveReply> done) {
                   handlers_.Leave(q, std::move(done));
                 });
  }

 private:
  const CallContext& call_;
  WorkerHandlers& handlers_;
  Scheduler& scheduler_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeWorkerService(const CallContext& call, WorkerHandlers& handlers,
                                                 Scheduler& scheduler) {
  return std::make_unique<WorkerService>(call, handlers, scheduler);
}

}  // namespace eida::service
