// Encoded splits that were made before, on this machine: a folder of token files, DIR/<key>. It is
// shared by processes that know nothing of each other, each of which may be killed at any moment.
#pragma once

#include <optional>
#include <string>

#include "worker/engine/job.h"
#include "worker/engine/tasks/examples.h"

namespace eida::engine {

// Nothing here fails a job: what does not work is said in the log.
class TokenCache {
 public:
  explicit TokenCache(const TokenFolder& folder) : folder_(folder) {}

  // The file of that key, mapped and checked byte by byte; nothing when there is none. One that is
  // damaged is removed. The folder remembers the use.
  std::optional<Examples> Find(const std::string& key) const;

  // Keeps an image (token_file.h) under its key: written beside it, synced, renamed. Then removes
  // what dead processes left half-written, and whole files, the longest unused first, until the
  // folder is within its limit. Files that are mapped stay readable. An image above the limit is
  // not kept.
  void Keep(const std::string& key, const std::string& image) const;

 private:
  Status Write(const std::string& key, const std::string& image) const;
  void RemoveLeftovers() const;
  void Evict(const std::string& newest) const;

  const TokenFolder folder_;
};

}  // namespace eida::engine
