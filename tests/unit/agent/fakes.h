// A coordinator and an artifact store in memory, with the faults that tests ask for. Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "worker/agent/ports.h"

namespace eida::agent {

// Shares nothing with `status`: the system's abseil counts references where ThreadSanitizer cannot
// see it.
inline Status Copy(const Status& status) { return Status(status.code(), Message(status)); }

// How long a test waits for what must come, beside whatever else the machine does: milliseconds.
inline constexpr int kPatience = 60'000;

class FakeCoordinator : public CoordinatorPort {
 public:
  using Key = std::pair<JobId, Attempt>;

  Result<SyncReply> Sync(const SyncRequest& request, std::stop_token stop) override {
    std::unique_lock lock(mutex_);
    ++syncs;
    last = request;
    changed_.notify_all();
    if (!error_.ok()) return Copy(error_);
    SyncReply reply;
    const uint64_t before = changes_;
    changed_.wait_for(lock, stop, request.wait,
                      [&] { return changes_ != before || Fill(request, reply); });
    if (stop.stop_requested()) return Status(absl::StatusCode::kCancelled, "stopped");
    if (!error_.ok()) return Copy(error_);
    Fill(request, reply);
    reply.lease_ttl = ttl;
    if (lose_replies_ > 0 && !reply.grants.empty()) {
      --lose_replies_;
      return Unavailable("the reply was lost");
    }
    if (regrants > 0 && !grants_.empty()) {
      --regrants;
      for (const auto& [id, grant] : grants_) reply.grants.push_back(grant);
    }
    if (twice) reply.grants.insert(reply.grants.end(), reply.grants.begin(), reply.grants.end());
    return reply;
  }

  Result<std::vector<ReportVerdict>> Report(const WorkerId&, const std::string&,
                                            const std::vector<JobReport>& reports,
                                            std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (!error_.ok()) return Copy(error_);
    ++report_calls;
    if (refuse) EIDA_RETURN_IF_ERROR(refuse(reports));
    std::vector<ReportVerdict> verdicts;
    for (const JobReport& report : reports) verdicts.push_back(Accept(report));
    changed_.notify_all();
    if (lose_acknowledgements > 0) {
      --lose_acknowledgements;
      return Unavailable("the acknowledgement was lost");
    }
    return verdicts;
  }

  Status Leave(const WorkerId&, const std::string&) override {
    const std::lock_guard lock(mutex_);
    if (!error_.ok()) return Copy(error_);
    ++leaves;
    return OkStatus();
  }

  void Offer(Grant grant) {
    Change([&] { grants_[grant.lease] = std::move(grant); });
  }
  void Revoke(LeaseId lease) {
    Change([&] { grants_.erase(lease); });
  }
  void MakeStale(Key key) {
    Change([&] { stale_.insert(key); });
  }
  void SetError(Status error) {
    Change([&] { error_ = std::move(error); });
  }
  void LoseReplies(int n) {
    Change([&] { lose_replies_ = n; });
  }

  void LoseAcknowledgements(int n) {
    Change([&] { lose_acknowledgements = n; });
  }

  template <class F>
  bool WaitFor(F&& condition, int ms = kPatience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, Millis(ms), condition);
  }
  // Everything accepted from (job, attempt), of one type, in order.
  template <class T>
  std::vector<T> Items(int64_t job, Attempt attempt = 1) {
    const std::lock_guard lock(mutex_);
    return ItemsLocked<T>(job, attempt);
  }
  template <class T>
  bool WaitForItem(int64_t job, size_t count = 1, int ms = kPatience) {
    return WaitFor([&] { return ItemsLocked<T>(job, 1).size() >= count; }, ms);
  }
  std::vector<LeaseId> Held() {
    const std::lock_guard lock(mutex_);
    return last.held;
  }

  Millis ttl{600};
  std::function<Status(const std::vector<JobReport>&)> refuse;  // batches, whole; set before Run
  bool twice = false;
  std::atomic<int> regrants = 0;  // that many replies grant again what is held already
  std::atomic<int> lose_acknowledgements = 0, syncs = 0, report_calls = 0, leaves = 0, refused = 0;
  SyncRequest last;  // for conditions of WaitFor, which holds the lock; others: Last()
  SyncRequest Last() {
    const std::lock_guard lock(mutex_);
    return last;
  }

 private:
  template <class F>
  void Change(F&& change) {
    const std::lock_guard lock(mutex_);
    change();
    ++changes_;
    changed_.notify_all();
  }
  template <class T>
  std::vector<T> ItemsLocked(int64_t job, Attempt attempt) {
    std::vector<T> found;
    for (const ReportItem& item : items_[{JobId(job), attempt}]) {
      if (const T* value = std::get_if<T>(&item)) found.push_back(*value);
    }
    return found;
  }
  bool Fill(const SyncRequest& request, SyncReply& reply) {
    reply = SyncReply{};
    const auto& held = request.held;
    for (const auto& [id, grant] : grants_) {
      if (std::find(held.begin(), held.end(), id) == held.end() && !request.draining)
        reply.grants.push_back(grant);
    }
    for (LeaseId id : held) {
      if (grants_.count(id) == 0) reply.revoked.push_back(id);
    }
    return !reply.grants.empty() || !reply.revoked.empty();
  }
  ReportVerdict Accept(const JobReport& report) {
    const Key key{report.job, report.attempt};
    if (stale_.count(key) > 0) {
      ++refused;
      return ReportVerdict::kStale;
    }
    for (const ReportItem& item : report.items) {
      items_[key].push_back(item);
      if (!std::holds_alternative<Finished>(item)) continue;
      finished_.insert(key);
      std::erase_if(grants_, [&](const auto& entry) {
        return std::all_of(entry.second.jobs.begin(), entry.second.jobs.end(),
                           [&](const GrantJob& job) {
                             return finished_.count({job.job, job.attempt}) > 0 ||
                                    stale_.count({job.job, job.attempt}) > 0;
                           });
      });
      ++changes_;
    }
    return ReportVerdict::kAccepted;
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  uint64_t changes_ = 0;
  Status error_ = OkStatus();
  int lose_replies_ = 0;
  std::map<LeaseId, Grant> grants_;
  std::set<Key> stale_, finished_;
  std::map<Key, std::vector<ReportItem>> items_;
};

class FakeArtifacts : public ArtifactPort {
 public:
  Result<bool> Has(const Digest& digest, std::stop_token) override {
    const std::lock_guard lock(mutex_);
    if (!error_.ok()) return Copy(error_);
    return contents_.count(digest) > 0;
  }
  Status Put(const Digest& digest, const std::string& path, std::stop_token stop) override {
    if (on_put) EIDA_RETURN_IF_ERROR(on_put(digest, stop));
    EIDA_ASSIGN_OR_RETURN(std::string content, ReadFile(path));
    const std::lock_guard lock(mutex_);
    ++puts;
    if (DigestOf(content) != digest) return DataLoss("content and digest differ");
    contents_[digest] = std::move(content);
    return OkStatus();
  }
  Status Get(const Digest& digest, const std::string& path, std::stop_token stop) override {
    if (on_get) EIDA_RETURN_IF_ERROR(on_get(digest, path, stop));
    const std::lock_guard lock(mutex_);
    ++gets;
    const auto it = contents_.find(digest);
    if (it == contents_.end()) return NotFound("artifact " + digest.str() + " is not stored");
    std::ofstream(path) << it->second;
    return OkStatus();
  }
  void SetError(Status error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }
  ArtifactRef Add(const std::string& name, const std::string& content) {
    const std::lock_guard lock(mutex_);
    const Digest digest = DigestOf(content);
    contents_[digest] = content;
    return {name, "file", digest, static_cast<int64_t>(content.size()), ""};
  }
  std::string Content(const Digest& digest) {
    const std::lock_guard lock(mutex_);
    return contents_[digest];
  }
  bool Holds(const Digest& digest) {
    const std::lock_guard lock(mutex_);
    return contents_.count(digest) > 0;
  }

  std::function<Status(const Digest&, std::stop_token)> on_put;
  std::function<Status(const Digest&, const std::string&, std::stop_token)> on_get;
  int puts = 0, gets = 0;

 private:
  std::mutex mutex_;
  Status error_ = OkStatus();
  std::map<Digest, std::string> contents_;
};

}  // namespace eida::agent
