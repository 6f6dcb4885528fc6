#include "common/base/fs.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace eida {
namespace stdfs = std::filesystem;
namespace {

Status FromCode(const std::error_code& code, const std::string& what) {
  return code ? ErrnoStatus(code.value(), what) : OkStatus();
}

// Unique among the threads of this process and among processes.
std::string TempName(const std::string& path) {
  static std::atomic<uint64_t> counter{0};
  return path + ".tmp-" + std::to_string(getpid()) + "-" + std::to_string(counter++);
}

Status SyncPath(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  return result == 0 ? OkStatus() : ErrnoStatus(error, "fsync " + path);
}

Status WriteAndSync(int fd, const std::string& path, const std::string& content) {
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t n = write(fd, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "write " + path);
    done += static_cast<size_t>(n);
  }
  return fsync(fd) == 0 ? OkStatus() : ErrnoStatus(errno, "fsync " + path);
}

}  // namespace

Result<std::string> ReadFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path);
  std::string content;
  struct stat info {};
  if (fstat(fd, &info) == 0 && info.st_size > 0) content.reserve(static_cast<size_t>(info.st_size));
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      close(fd);
      return ErrnoStatus(error, path);
    }
    if (n == 0) break;
    content.append(buffer, static_cast<size_t>(n));
  }
  close(fd);
  return content;
}

Status WriteFileAtomic(const std::string& path, const std::string& content, int mode) {
  const std::string temp = TempName(path);
  const int fd = open(temp.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return ErrnoStatus(errno, temp);
  Status status = WriteAndSync(fd, temp, content);
  close(fd);
  if (status.ok()) status = RenameFile(temp, path);
  if (!status.ok()) {
    unlink(temp.c_str());
    return status;
  }
  return SyncDir(DirName(path));
}

Status MakeDirs(const std::string& path, int mode) {
  if (IsDirectory(path)) return OkStatus();
  std::error_code code;
  stdfs::create_directories(path, code);
  EIDA_RETURN_IF_ERROR(FromCode(code, "create directory " + path));
  return chmod(path.c_str(), static_cast<mode_t>(mode)) == 0 ? OkStatus()
                                                             : ErrnoStatus(errno, path);
}

Status SyncDir(const std::string& path) { return SyncPath(path, O_RDONLY | O_DIRECTORY); }
Status SyncFile(const std::string& path) { return SyncPath(path, O_RDONLY); }

Status RenameFile(const std::string& from, const std::string& to) {
  return rename(from.c_str(), to.c_str()) == 0 ? OkStatus()
                                               : ErrnoStatus(errno, "rename " + from + " to " + to);
}

Status RemoveTree(const std::string& path) {
  std::error_code code;
  stdfs::remove_all(path, code);
  return FromCode(code, "remove " + path);
}

bool FileExists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

bool IsDirectory(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<int64_t> FileSize(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  return int64_t{info.st_size};
}

Result<std::vector<std::string>> ListDir(const std::string& path) {
  std::error_code code;
  std::vector<std::string> names;
  for (stdfs::directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
    names.push_back(it->path().filename().string());
  }
  EIDA_RETURN_IF_ERROR(FromCode(code, path));
  std::sort(names.begin(), names.end());
  return names;
}

Result<int64_t> FreeBytes(const std::string& path) {
  struct statvfs info {};
  if (statvfs(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
}

std::string JoinPath(const std::string& a, const std::string& b) {
  return (stdfs::path(a) / b).string();
}

std::string DirName(const std::string& path) {
  const std::string parent = stdfs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

std::string BaseName(const std::string& path) { return stdfs::path(path).filename().string(); }

Result<std::string> AbsolutePath(const std::string& path) {
  std::error_code code;
  const stdfs::path absolute = stdfs::absolute(path, code);
  EIDA_RETURN_IF_ERROR(FromCode(code, path));
  return absolute.lexically_normal().string();
}

std::string ProgramDir() {
  std::error_code code;
  return stdfs::read_symlink("/proc/self/exe", code).parent_path().string();
}

TempDir::TempDir(const std::string& prefix) {
  std::error_code code;
  std::string pattern = (stdfs::temp_directory_path(code) / (prefix + "-XXXXXX")).string();
  if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

TempDir::~TempDir() {
  if (!path_.empty()) RemoveTree(path_).IgnoreError();
}

Result<FileLock> FileLock::Acquire(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, path);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    close(fd);
    if (error == EWOULDBLOCK) return Unavailable(path + " is locked by another process");
    return ErrnoStatus(error, "lock " + path);
  }
  return FileLock(fd);
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace eida
