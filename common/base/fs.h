// Files. Nothing is ever half-written: WriteFileAtomic is temp + fsync + rename + fsync(dir).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida {

Result<std::string> ReadFile(const std::string& path);
// Replaces `path` in one step and survives a power cut. `mode` is the permission of the new file.
Status WriteFileAtomic(const std::string& path, const std::string& content, int mode = 0644);
Status MakeDirs(const std::string& path, int mode = 0755);
Status SyncDir(const std::string& path);
Status SyncFile(const std::string& path);
Status RenameFile(const std::string& from, const std::string& to);
Status RemoveTree(const std::string& path);
bool FileExists(const std::string& path);
bool IsDirectory(const std::string& path);
Result<int64_t> FileSize(const std::string& path);
// Names (not paths), sorted.
Result<std::vector<std::string>> ListDir(const std::string& path);
// Bytes an unprivileged user may still write on the file system of `path`.
Result<int64_t> FreeBytes(const std::string& path);
// a/b; `b` wins when it is absolute.
std::string JoinPath(const std::string& a, const std::string& b);
std::string DirName(const std::string& path);
std::string BaseName(const std::string& path);
Result<std::string> AbsolutePath(const std::string& path);
// The directory of the running program: its siblings are the other three binaries.
std::string ProgramDir();

// A directory under TMPDIR that is removed with the object.
class TempDir {
 public:
  explicit TempDir(const std::string& prefix = "eida");
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Holds an exclusive flock on a file for the life of the object. Unavailable when somebody else
// holds it.
class FileLock {
 public:
  static Result<FileLock> Acquire(const std::string& path);
  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace eida
