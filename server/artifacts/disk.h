// The disk that blobs are written to: how much room it has, and who has been promised some of it.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "common/base/status.h"

namespace eida::artifacts {

struct DiskSpace {
  int64_t free = 0;  // bytes that we may still write
  int64_t capacity = 0;
};
Result<DiskSpace> DiskSpaceOf(const std::string& path);

// Grants room before anything is written, so that uploads that run at the same time cannot together
// fill the disk. Thread-safe.
class SpaceLedger {
 public:
  using Probe = std::function<Result<DiskSpace>()>;
  // `keep_free` bytes are never given away: the database needs them to go on.
  SpaceLedger(std::string dir, int64_t keep_free, Probe probe)
      : dir_(std::move(dir)), keep_free_(keep_free), probe_(std::move(probe)) {}

  // FailedPrecondition naming need and have. What is granted must be returned by Release, in parts
  // or at once, as it is written or given up.
  Status Grant(const std::string& what, int64_t bytes);
  void Release(int64_t bytes);
  Result<DiskSpace> Now() const { return probe_(); }

 private:
  const std::string dir_;
  const int64_t keep_free_;
  const Probe probe_;
  std::mutex mutex_;
  int64_t granted_ = 0;
};

}  // namespace eida::artifacts
