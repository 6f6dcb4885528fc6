// What a runner hands over, brought to the coordinator in order: files are verified, hashed,
// cached, uploaded, then reported.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "worker/agent/reporter.h"
#include "worker/agent/transfer.h"
#include "worker/exec/bundle.h"

namespace eida::agent {

// One for each lease, with a thread of its own: however slow an upload is, the runner's events are
// read meanwhile. Thread-safe. Nothing is reported once `stop` is requested.
class Delivery {
 public:
  using Key = Spool::Key;
  using Item = std::variant<exec::CheckpointFile, exec::FileMade, exec::Outcome>;

  Delivery(Transfer& transfer, Reporter& reporter, std::stop_token stop);
  ~Delivery();

  // `out`: the job's directory, for relative paths. An Outcome is the last item of its key.
  void Post(const Key& key, const std::string& out, Item item);
  // Waits until all that was posted is done, or `stop` is requested. No Post after it.
  void Finish();

 private:
  struct Job {
    std::vector<ArtifactRef> artifacts;
    std::optional<Finished> failure;   // the first thing that went wrong; decides over `done`
    std::optional<Digest> checkpoint;  // the newest one in the cache
  };
  struct Posted {
    Key key;
    std::string out;
    Item item;
  };

  void Loop();
  void Deliver(const Posted& posted);
  void DeliverCheckpoint(const Key& key, const std::string& path,
                         const exec::CheckpointFile& checkpoint);
  void DeliverFile(const Key& key, const std::string& path, const exec::FileMade& file);
  void DeliverOutcome(const Key& key, const exec::Outcome& outcome);
  // Verifies, hashes, caches and uploads.
  Result<Cache::Added> Store(const std::string& kind, const std::string& path);

  Transfer& transfer_;
  Reporter& reporter_;
  const std::stop_token stop_;
  std::map<Key, Job> jobs_;  // of the thread alone
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Posted> queue_;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace eida::agent
