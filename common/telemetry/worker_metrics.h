// The worker's metrics (INTERFACE section 3, those of rows W that need no GPU), by name. Base
// units: seconds, bytes. Labels in the order of the comments.
#pragma once

#include <string>

#include "common/telemetry/metric.h"
#include "common/telemetry/process.h"

namespace eida::telemetry {

struct WorkerMetrics {
  // `gpu_model`: "" = no GPU.
  WorkerMetrics(const std::string& worker, const std::string& gpu_model);
  // Everything, with the process metrics read now.
  std::string Text();

  Registry registry;  // first: the others live in it

  Counter slot_busy_seconds;  // gpu: the slot's device, cuda:0 or cpu; kind
  Counter rpc_reconnects;
  Counter lease_renewal_failures;
  Counter
      transfer_bytes;  // direction: download, upload; class as in eida_store_bytes: inline, file
  Gauge cache_bytes;   // class: used (by jobs that run), idle

 private:
  ProcessMetrics process_;
};

}  // namespace eida::telemetry
