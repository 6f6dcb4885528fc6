// What the coordinator has not acknowledged yet. Pure: no thread, no network.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "common/domain/messages.h"

namespace eida::agent {

// Items of one attempt keep their order, except that a progress replaces a waiting progress and
// metric points join waiting ones. An item stays until it is acknowledged, so a lost request or
// reply costs a resend and nothing else. Memory is bounded where a runner can flood: of the waiting
// log lines of an attempt only the newest `max_logs` are kept (their numbers show the gap). Not
// thread-safe.
class Spool {
 public:
  using Key = std::pair<JobId, Attempt>;

  explicit Spool(size_t max_logs = 2000) : max_logs_(max_logs) {}
  // Ignored after Forget of the same attempt, and after its Finished.
  void Add(const Key& key, ReportItem item);
  // The next reports, about `max_bytes` and at most `max_reports`; the same ones again until
  // Acknowledge. Empty = nothing waits.
  std::vector<JobReport> Take(size_t max_bytes, size_t max_reports);
  // The batch that Take gave was durable. Returns the attempts whose verdict was stale; they are
  // forgotten.
  std::vector<Key> Acknowledge(const std::vector<JobReport>& batch,
                               const std::vector<ReportVerdict>& verdicts);
  // Reports nothing more of this attempt.
  void Forget(const Key& key);
  // In place of all that waits of the attempt, and of all that is added later: this end. When such
  // an end was waiting already the attempt is forgotten.
  void EndInstead(const Key& key, Finished end);
  // Forgets even that: the attempt's lease is over and nobody will add to it.
  void Retire(const Key& key);
  bool Empty(const Key& key) const;
  bool Empty() const;
  // Something waits that must not wait for company.
  bool Urgent() const { return urgent_ > 0; }

 private:
  struct Queue {
    std::deque<ReportItem> items;
    size_t in_flight = 0;   // items at the front that Take has given out
    size_t logs = 0;        // LogText among the rest
    bool closed = false;    // Finished was added, or Forget called
    bool replaced = false;  // by EndInstead
  };
  bool Merge(Queue& queue, const ReportItem& item);
  void DropOldestLog(Queue& queue);

  const size_t max_logs_;
  std::map<Key, Queue> queues_;
  size_t urgent_ = 0;  // Finished items in all queues
};

}  // namespace eida::agent
