#include "worker/agent/spool.h"

#include <algorithm>

namespace eida::agent {
namespace {

constexpr size_t kMaxPoints = 2000;  // of one Metrics item

size_t ApproximateBytes(const ArtifactRef& ref) {
  return 32 + ref.name.size() + ref.kind.size() + ref.digest.str().size() + ref.meta.size();
}

size_t ApproximateBytes(const ReportItem& item) {
  size_t bytes = 32;
  if (const auto* metrics = std::get_if<Metrics>(&item)) {
    for (const MetricPoint& point : metrics->points) bytes += 24 + point.series.size();
  } else if (const auto* log = std::get_if<LogText>(&item)) {
    bytes += log->text.size();
  } else if (const auto* checkpoint = std::get_if<CheckpointMade>(&item)) {
    bytes += checkpoint->metrics.size() + ApproximateBytes(checkpoint->artifact);
  } else if (const auto* finished = std::get_if<Finished>(&item)) {
    bytes += finished->message.size() + finished->summary.size();
    for (const ArtifactRef& ref : finished->artifacts) bytes += ApproximateBytes(ref);
  }
  return bytes;
}

}  // namespace

// True when a waiting item took `item` in.
bool Spool::Merge(Queue& queue, const ReportItem& item) {
  const auto waiting = queue.items.begin() + static_cast<std::ptrdiff_t>(queue.in_flight);
  if (std::holds_alternative<Progress>(item)) {
    const auto it = std::find_if(waiting, queue.items.end(), [](const ReportItem& i) {
      return std::holds_alternative<Progress>(i);
    });
    if (it == queue.items.end()) return false;
    *it = item;
    return true;
  }
  const auto* metrics = std::get_if<Metrics>(&item);
  if (metrics == nullptr) return false;
  for (auto it = waiting; it != queue.items.end(); ++it) {
    auto* into = std::get_if<Metrics>(&*it);
    if (into == nullptr || into->points.size() + metrics->points.size() > kMaxPoints) continue;
    into->points.insert(into->points.end(), metrics->points.begin(), metrics->points.end());
    return true;
  }
  return false;
}

void Spool::DropOldestLog(Queue& queue) {
  const auto waiting = queue.items.begin() + static_cast<std::ptrdiff_t>(queue.in_flight);
  const auto it = std::find_if(waiting, queue.items.end(), [](const ReportItem& i) {
    return std::holds_alternative<LogText>(i);
  });
  if (it == queue.items.end()) return;
  queue.items.erase(it);
  --queue.logs;
}

void Spool::Add(const Key& key, ReportItem item) {
  Queue& queue = queues_[key];
  if (queue.closed || Merge(queue, item)) return;
  if (std::holds_alternative<LogText>(item) && ++queue.logs > max_logs_) DropOldestLog(queue);
  if (std::holds_alternative<Finished>(item)) {
    queue.closed = true;
    ++urgent_;
  }
  queue.items.push_back(std::move(item));
}

std::vector<JobReport> Spool::Take(size_t max_bytes, size_t max_reports) {
  std::vector<JobReport> batch;
  size_t bytes = 0;
  for (auto& [key, queue] : queues_) {
    if (queue.items.empty() || batch.size() == max_reports ||
        (bytes >= max_bytes && !batch.empty()))
      continue;
    JobReport report{key.first, key.second, {}};
    while (report.items.size() < queue.items.size() &&
           (report.items.empty() || bytes < max_bytes)) {
      report.items.push_back(queue.items[report.items.size()]);
      bytes += ApproximateBytes(report.items.back());
    }
    for (; queue.in_flight < report.items.size(); ++queue.in_flight) {
      if (std::holds_alternative<LogText>(queue.items[queue.in_flight])) --queue.logs;
    }
    batch.push_back(std::move(report));
  }
  return batch;
}

std::vector<Spool::Key> Spool::Acknowledge(const std::vector<JobReport>& batch,
                                           const std::vector<ReportVerdict>& verdicts) {
  std::vector<Key> stale;
  for (size_t i = 0; i < batch.size(); ++i) {
    const Key key{batch[i].job, batch[i].attempt};
    const auto it = queues_.find(key);
    if (it == queues_.end()) continue;
    Queue& queue = it->second;
    if (i < verdicts.size() && verdicts[i] == ReportVerdict::kStale) {
      Forget(key);
      stale.push_back(key);
      continue;
    }
    const size_t n = std::min(batch[i].items.size(), queue.in_flight);
    for (size_t k = 0; k < n; ++k) {
      if (std::holds_alternative<Finished>(queue.items.front())) --urgent_;
      queue.items.pop_front();
    }
    queue.in_flight -= n;
  }
  return stale;
}

void Spool::Forget(const Key& key) {
  Queue& queue = queues_[key];
  urgent_ -= static_cast<size_t>(
      std::count_if(queue.items.begin(), queue.items.end(),
                    [](const ReportItem& i) { return std::holds_alternative<Finished>(i); }));
  queue = Queue{};
  queue.closed = true;
}

void Spool::EndInstead(const Key& key, Finished end) {
  const bool again = queues_[key].replaced;
  Forget(key);
  if (again) return;
  Queue& queue = queues_[key];
  queue.replaced = true;
  queue.items.push_back(std::move(end));
  ++urgent_;
}

void Spool::Retire(const Key& key) {
  Forget(key);
  queues_.erase(key);
}

bool Spool::Empty(const Key& key) const {
  const auto it = queues_.find(key);
  return it == queues_.end() || it->second.items.empty();
}

bool Spool::Empty() const {
  return std::all_of(queues_.begin(), queues_.end(),
                     [](const auto& entry) { return entry.second.items.empty(); });
}

}  // namespace eida::agent
