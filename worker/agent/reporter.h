// Brings what the attempts have to say to the coordinator, in batches, until it is acknowledged.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "worker/agent/backoff.h"
#include "worker/agent/ports.h"
#include "worker/agent/spool.h"

namespace eida::agent {

struct ReporterOptions {
  Millis interval{200};  // between batches; Finished goes at once
  Backoff::Options backoff;
  size_t max_batch_bytes = 1 << 20;
  size_t max_batch_reports = 256;
};

// Thread-safe. One thread of its own talks to the port; Add never waits for it. While the
// coordinator is away everything stays in memory (see Spool for what bounds it).
class Reporter {
 public:
  using Key = Spool::Key;

  // `on_stale` is called on the reporter's thread, without locks, for an attempt whose report was
  // refused.
  Reporter(CoordinatorPort& port, WorkerId worker, std::string session, ReporterOptions options,
           std::function<void(const Key&)> on_stale);
  ~Reporter();

  void Add(const Key& key, ReportItem item);
  void Forget(const Key& key);
  void Retire(const Key& key);
  // Waits until nothing of `key` is waiting any more: acknowledged, refused or forgotten. False
  // when stopped first.
  bool WaitFlushed(const Key& key, std::stop_token stop);

 private:
  void Loop(std::stop_token stop);
  void Settle(const std::vector<JobReport>& batch,
              const Result<std::vector<ReportVerdict>>& verdicts);

  CoordinatorPort& port_;
  const WorkerId worker_;
  const std::string session_;
  const ReporterOptions options_;
  const std::function<void(const Key&)> on_stale_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Spool spool_;
  size_t batch_limit_;  // 1 while the coordinator refuses batches for good, to find the report
                        // that it means
  bool away_ = false;
  std::jthread thread_;
};

}  // namespace eida::agent
