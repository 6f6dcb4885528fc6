#include "server/app/data_dir.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

#include "common/base/fs.h"
#include "common/base/log.h"
#include "common/base/text.h"

namespace eida::app {
namespace {

// By the names of /proc/filesystems; of fuse those that are known to reach over a network.
constexpr const char* kNetwork[] = {
    "nfs",          "nfs4",         "cifs",           "smb3",           "smbfs",
    "afs",          "ceph",         "coda",           "ncpfs",          "fuse.sshfs",
    "fuse.s3fs",    "fuse.rclone",  "fuse.glusterfs", "fuse.ceph",      "fuse.ceph-fuse",
    "fuse.goofys",  "fuse.gcsfuse", "fuse.davfs",     "fuse.blobfuse2", "fuse.mount-s3",
    "fuse.juicefs", "fuse.JuiceFS", "fuse.curlftpfs"};
constexpr uint32_t kCifs = 0xFF534D42, kSmb2 = 0xFE534D42;
constexpr const char* kMemory[] = {"tmpfs", "ramfs"};

template <size_t N>
bool IsOneOf(const std::string& type, const char* const (&names)[N]) {
  for (const char* name : names) {
    if (type == name) return true;
  }
  return false;
}

Status Refused(const std::string& dir, const Status& why) {
  return Status(why.code(),
                "data directory " + dir + ": " + Message(why) + "; choose another one with --data");
}

// The directory, or of what is above it the nearest that exists.
std::string Nearest(const std::string& dir) {
  std::string path = dir;
  while (!FileExists(path) && DirName(path) != path) path = DirName(path);
  return path;
}

}  // namespace

Result<std::string> FileSystemType(const std::string& path) {
  struct statfs kind {};
  if (statfs(path.c_str(), &kind) != 0) return ErrnoStatus(errno, path);
  switch (static_cast<uint32_t>(kind.f_type)) {
    case NFS_SUPER_MAGIC:
      return std::string("nfs");
    case SMB_SUPER_MAGIC:
    case kCifs:
    case kSmb2:
      return std::string("cifs");
    case TMPFS_MAGIC:
      return std::string("tmpfs");
  }
  // FUSE has one number for all: the table of mounts says more.
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  const std::string device =
      std::to_string(major(info.st_dev)) + ":" + std::to_string(minor(info.st_dev));
  EIDA_ASSIGN_OR_RETURN(const std::string mounts, ReadFile("/proc/self/mountinfo"));
  // "id parent major:minor root point options [optional ..] - type source options"
  for (const std::string& line : Split(mounts, '\n')) {
    std::istringstream fields(line);
    std::string id, parent, number;
    fields >> id >> parent >> number;
    const size_t dash = line.find(" - ");
    if (number != device || dash == std::string::npos) continue;
    return line.substr(dash + 3, line.find(' ', dash + 3) - dash - 3);
  }
  return std::string();
}

Status PrepareDataDir(const std::string& dir, const FileSystemOf& file_system) {
  const Result<std::string> type = file_system(Nearest(dir));
  if (!type.ok()) {
    EIDA_WARN("data directory {}: its file system is not known: {}", dir, Message(type.status()));
  } else if (IsOneOf(*type, kNetwork)) {
    return Refused(dir, FailedPrecondition(
                            "it is on a network file system (" + *type +
                            "), where a crash or a second machine can damage the database; the "
                            "state belongs on a local disk, `eida-coordinator backup` copies it "
                            "elsewhere"));
  } else if (IsOneOf(*type, kMemory)) {
    EIDA_WARN("data directory {} is in memory ({}): a restart of the machine loses everything", dir,
              *type);
  }
  if (const Status made = MakeDirs(dir, 0750); !made.ok()) return Refused(dir, made);
  if (::access(dir.c_str(), W_OK | X_OK) != 0)
    return Refused(dir, ErrnoStatus(errno, "it must be writable"));
  return OkStatus();
}

}  // namespace eida::app
