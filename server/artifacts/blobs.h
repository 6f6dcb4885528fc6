// Content-addressed storage: what is put is found under the SHA-256 of its content, for ever the
// same. Content up to small_limit lives in the database (SmallBlobs), larger content as
// DIR/ab/cdef.. files.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/status.h"
#include "server/artifacts/disk.h"
#include "server/artifacts/small_blobs.h"

namespace eida::artifacts {

struct BlobsOptions {
  std::string dir;                         // made when it is missing; ours alone
  int64_t small_limit = int64_t{8} << 20;  // bytes; up to it content goes to the database
  int64_t max_size = int64_t{256} << 30;   // bytes; larger uploads are refused
  int64_t keep_free = int64_t{256} << 20;  // bytes of disk that uploads never take
  SpaceLedger::Probe disk_space;           // absent = that of `dir`
  std::function<void(const std::string&)> on_damage;  // told of every damaged blob that a read met
};

struct BlobUsage {
  int64_t bytes = 0;
  int64_t objects = 0;
  int64_t free = 0;
  int64_t capacity = 0;
};

// Receives one blob in pieces. Nothing is visible before Commit; an object that is destroyed first
// leaves nothing behind. Not thread-safe; must not outlive its Blobs.
class BlobWriter {
 public:
  virtual ~BlobWriter() = default;
  // InvalidArgument when it becomes more than was announced.
  virtual Status Append(std::string_view bytes) = 0;
  // Durable when it returns. InvalidArgument when size or digest are not what was announced. Call
  // once.
  virtual Status Commit() = 0;
  // After Commit: it was stored before.
  virtual bool existed() const = 0;
};

// Hands out one blob in pieces. The last piece comes only after the digest of all was found right;
// otherwise DataLoss naming the blob and its place. Not thread-safe; must not outlive its Blobs.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual int64_t size() const = 0;
  // At most `max` bytes; "" at the end. REQUIRES: max > 0.
  virtual Result<std::string> Read(size_t max) = 0;
};

// Thread-safe.
class Blobs {
 public:
  // Removes what uploads of an earlier process left unfinished.
  static Result<std::unique_ptr<Blobs>> Open(const BlobsOptions& options, SmallBlobs& small);
  ~Blobs();
  Blobs(const Blobs&) = delete;
  Blobs& operator=(const Blobs&) = delete;

  // Stored, and not known to be damaged: a blob that a read found damaged counts as absent until it
  // is put again.
  Result<bool> Has(const Digest& digest) const;
  // InvalidArgument for what is no digest or larger than max_size; FailedPrecondition when the disk
  // has no room.
  Result<std::unique_ptr<BlobWriter>> NewWriter(const Digest& digest, int64_t size);
  // NotFound names the digest.
  Result<std::unique_ptr<BlobReader>> NewReader(const Digest& digest) const;
  Result<BlobUsage> Usage() const;

  // The whole blob at once, for small things. InvalidArgument when it is larger than `limit` bytes.
  Result<std::string> ReadAll(const Digest& digest, int64_t limit) const;

  struct Shared;  // what Blobs and its writers and readers hold in common

 private:
  explicit Blobs(std::unique_ptr<Shared> shared);
  std::unique_ptr<Shared> shared_;
};

}  // namespace eida::artifacts
