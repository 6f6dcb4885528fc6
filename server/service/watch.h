// Watch: the present progress at once, then every change, until the sweep has ended and the client
// has seen it.
#pragma once

#include <functional>

#include "eida/v1/sweep.pb.h"
#include "server/service/call.h"
#include "server/service/ports.h"

namespace eida::service {

// Failures of a sweep in the order in which they happened. Each call returns what is new (the first
// one: the newest of all).
class FailureFeed {
 public:
  FailureFeed(Records& records, SweepId sweep) : records_(records), sweep_(sweep) {}
  Result<std::vector<EventRecord>> Next();

 private:
  Records& records_;
  SweepId sweep_;
  int64_t cursor_ = 0;
};

v1::SweepProgress ToProto(const SweepLive& live, const std::vector<EventRecord>& failures);

// A slow client gets fewer messages, never older ones. `allowed` not OK = the call ends with that.
// Owns itself.
grpc::ServerWriteReactor<v1::SweepProgress>* StartWatch(const CallContext& call,
                                                        Scheduler& scheduler, Records& records,
                                                        SweepId sweep, const Status& allowed,
                                                        const std::function<void(int)>& watching);

}  // namespace eida::service
