// The worker's files by content: DIR/ab/cdef.. Inputs, checkpoints and results live here, each
// once, read-only.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "common/base/ids.h"
#include "common/base/status.h"

namespace eida::agent {

class Cache;

// Keeps one file of the cache from being evicted. Movable; empty after a move. REQUIRES: the cache
// outlives it.
class Pin {
 public:
  Pin() = default;
  Pin(Pin&& other) noexcept { *this = std::move(other); }
  Pin& operator=(Pin&& other) noexcept;
  ~Pin();
  const std::string& path() const { return path_; }

 private:
  friend class Cache;
  Pin(Cache* cache, Digest digest, std::string path)
      : cache_(cache), digest_(std::move(digest)), path_(std::move(path)) {}
  Cache* cache_ = nullptr;
  Digest digest_;
  std::string path_;
};

// Thread-safe. Nothing unverified is ever handed out: content is hashed when it comes in, and again
// on the first use by this process and whenever size or time of the file are not as this process
// left them; what does not match is thrown away.
class Cache {
 public:
  // Writes the content to a path that does not exist.
  using Download = std::function<Status(const std::string& path)>;

  // Makes `dir`, removes what an earlier process left half-done. `limit`: bytes, 0 = none.
  static Result<std::unique_ptr<Cache>> Open(const std::string& dir, int64_t limit);
  // The file, downloaded when it is not there or damaged. Callers that want the same digest at the
  // same time share one download. DataLoss when the downloaded content has another digest; errors
  // of the download as they are. InvalidArgument when `digest` is none: it never touches a path.
  Result<Pin> Fetch(const Digest& digest, const Download& download, std::stop_token stop = {});
  struct Added {
    Digest digest;
    int64_t size = 0;
    Pin pin;
  };
  // Hashes the file and moves it in; `path` is gone afterwards. REQUIRES: the same file system.
  Result<Added> Adopt(const std::string& path);
  // Deletes the file now unless it is in use. For checkpoints that a newer one has replaced.
  void Drop(const Digest& digest);
  struct Usage {
    int64_t used = 0;  // pinned
    int64_t idle = 0;
  };
  Usage UsageNow() const;
  int64_t Bytes() const;

 private:
  friend class Pin;
  struct Entry {
    int64_t size = 0;
    int pins = 0;
  };
  // What a verified file looked like when this process last touched it.
  struct Seen {
    int64_t size = 0, mtime_ns = 0;
    bool operator==(const Seen&) const = default;
  };

  Cache(std::string dir, int64_t limit) : dir_(std::move(dir)), limit_(limit) {}
  std::string PathOf(const Digest& digest) const;
  Status Scan();
  bool Check(const Digest& digest, const std::string& path);
  Status Bring(const Digest& digest, const Download& download);
  Status MoveIn(const std::string& from, const Digest& digest);
  Pin Take(const Digest& digest, int64_t size);
  void Release(const Digest& digest);
  void Evict();

  const std::string dir_;
  const int64_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<Digest, Entry> entries_;
  std::map<Digest, Seen> verified_;
  std::set<Digest> busy_;  // being checked or downloaded by one caller
  int64_t bytes_ = 0;
  int64_t temp_ = 0;
};

}  // namespace eida::agent
