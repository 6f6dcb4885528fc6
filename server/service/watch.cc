#include "server/service/watch.h"

#include <mutex>
#include <optional>
#include <set>

#include "common/wire/enums.h"
#include "common/wire/records.h"

namespace eida::service {
namespace {

constexpr size_t kMostFailures = 100;
const std::set<std::string> kFailureTypes = {"failed", "retry", "lost"};

class WatchCall final : public grpc::ServerWriteReactor<v1::SweepProgress> {
 public:
  WatchCall(const CallContext& call, Scheduler& scheduler, Records& records, SweepId sweep,
            std::function<void(int)> watching)
      : call_(call),
        scheduler_(scheduler),
        failures_(records, sweep),
        watching_(std::move(watching)) {
    watching_(+1);
  }
  ~WatchCall() override { watching_(-1); }

  void Start(SweepId sweep, const Status& allowed) {
    self_.reset(this);
    if (!allowed.ok()) {
      finished_ = true;
      Finish(rpc::ToGrpc(allowed));
      return;
    }
    // The loop may still call `show` after the stream has ended: it holds its own share of this
    // object.
    const uint64_t watch = scheduler_.Watch(
        sweep, [self = self_](Result<SweepLive> live) { self->Show(std::move(live)); });
    bool late = false;
    {
      std::lock_guard lock(mutex_);
      watch_ = watch;
      late = finished_;
    }
    if (late) scheduler_.Unwatch(watch);
  }

  void OnWriteDone(bool ok) override {
    std::unique_lock lock(mutex_);
    writing_ = false;
    if (!ok) return End(lock, grpc::Status(grpc::StatusCode::CANCELLED, "the client went away"));
    Pump(lock);
  }
  void OnCancel() override {
    std::unique_lock lock(mutex_);
    cancelled_ = true;
    if (!writing_) End(lock, grpc::Status(grpc::StatusCode::CANCELLED, "the client went away"));
  }
  void OnDone() override { const std::shared_ptr<WatchCall> last = std::move(self_); }

 private:
  void Show(Result<SweepLive> live) {
    std::unique_lock lock(mutex_);
    if (live.ok()) {
      latest_ = std::move(*live);
    } else {
      error_ = live.status();
    }
    if (!writing_) Pump(lock);
  }

  // REQUIRES: no write in flight.
  void Pump(std::unique_lock<std::mutex>& lock) {
    if (finished_) return;
    if (cancelled_)
      return End(lock, grpc::Status(grpc::StatusCode::CANCELLED, "the client went away"));
    if (latest_) {
      SweepLive live = std::move(*latest_);
      latest_.reset();
      last_sent_ = IsTerminal(live.sweep.state);
      writing_ = true;
      asio::post(call_.pool, [self = self_, live = std::move(live)] { self->Write(live); });
      return;
    }
    if (!error_.ok()) return End(lock, rpc::ToGrpc(error_));
    if (last_sent_) return End(lock, grpc::Status::OK);
  }

  void Write(const SweepLive& live) {
    const auto failures = failures_.Next();
    message_ = ToProto(live, failures.ok() ? *failures : std::vector<EventRecord>());
    call_.Reply();
    StartWrite(&message_);
  }

  void End(std::unique_lock<std::mutex>& lock, const grpc::Status& status) {
    if (finished_) return;
    finished_ = true;
    const uint64_t watch = watch_;
    lock.unlock();
    if (watch != 0) scheduler_.Unwatch(watch);
    Finish(status);
  }

  const CallContext& call_;
  Scheduler& scheduler_;
  FailureFeed failures_;  // used by one write at a time
  std::function<void(int)> watching_;
  std::shared_ptr<WatchCall> self_;  // until gRPC is done with it
  v1::SweepProgress message_;        // of the write in flight

  std::mutex mutex_;  // guards what follows
  std::optional<SweepLive> latest_;
  Status error_;
  uint64_t watch_ = 0;
  bool writing_ = false;
  bool last_sent_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
};

}  // namespace

Result<std::vector<EventRecord>> FailureFeed::Next() {
  std::vector<EventRecord> out;
  while (true) {
    EIDA_ASSIGN_OR_RETURN(std::vector<EventRecord> page,
                          records_.Events({.sweep = sweep_, .after = cursor_, .limit = 1000}));
    for (EventRecord& event : page) {
      cursor_ = event.id;
      if (kFailureTypes.count(event.type) > 0) out.push_back(std::move(event));
    }
    if (out.size() > kMostFailures) out.erase(out.begin(), out.end() - kMostFailures);
    if (page.size() < 1000) return out;
  }
}

v1::SweepProgress ToProto(const SweepLive& live, const std::vector<EventRecord>& failures) {
  v1::SweepProgress out;
  *out.mutable_sweep() = wire::ToProto(live.sweep, live.jobs_by_state);
  for (const KindLive& kind : live.kinds) {
    v1::KindProgress* k = out.add_kinds();
    k->set_kind(wire::ToProto(kind.kind));
    for (const auto& [state, n] : kind.by_state) (*k->mutable_by_state())[state] = n;
    k->set_finished_seconds(kind.finished_seconds);
    k->set_finished_timed(kind.finished_timed);
    k->set_reused(kind.reused);
    k->set_active_fraction(kind.active_fraction);
  }
  for (const auto& [job, progress] : live.active) *out.add_active() = wire::ToProto(job, &progress);
  out.set_slots_total(live.totals.slots_total);
  out.set_slots_busy(live.totals.slots_busy);
  out.set_workers(live.totals.workers);
  for (const EventRecord& event : failures) *out.add_failures() = wire::ToProto(event);
  return out;
}

grpc::ServerWriteReactor<v1::SweepProgress>* StartWatch(const CallContext& call,
                                                        Scheduler& scheduler, Records& records,
                                                        SweepId sweep, const Status& allowed,
                                                        const std::function<void(int)>& watching) {
  auto* watch = new WatchCall(call, scheduler, records, sweep, watching);
  watch->Start(sweep, allowed);
  return watch;
}

}  // namespace eida::service
