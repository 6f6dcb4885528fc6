#include "server/artifacts/disk.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>

#include "common/base/text.h"

namespace eida::artifacts {

Result<DiskSpace> DiskSpaceOf(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return ErrnoStatus(errno, "look at the disk of " + path);
  const int64_t block = static_cast<int64_t>(info.f_frsize);
  return DiskSpace{static_cast<int64_t>(info.f_bavail) * block,
                   static_cast<int64_t>(info.f_blocks) * block};
}

Status SpaceLedger::Grant(const std::string& what, int64_t bytes) {
  EIDA_ASSIGN_OR_RETURN(const DiskSpace space, probe_());
  const std::lock_guard lock(mutex_);
  const int64_t have = std::max<int64_t>(0, space.free - keep_free_ - granted_);
  if (bytes > have) {
    return FailedPrecondition(
        "no space for " + what + " in " + dir_ + ": need " + FormatBytes(bytes) + ", have " +
        FormatBytes(have) + " (" + FormatBytes(space.free) + " free, of which " +
        FormatBytes(keep_free_) + " stay free and " + FormatBytes(granted_) +
        " are promised to other uploads); free space on that disk and try again");
  }
  granted_ += bytes;
  return OkStatus();
}

void SpaceLedger::Release(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  granted_ -= bytes;
}

}  // namespace eida::artifacts
