#include "worker/engine/tasks/token_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <utility>
#include <vector>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/base/log_text.h"
#include "worker/engine/tasks/token_file.h"

namespace eida::engine {
namespace {

constexpr char kPartial[] = ".partial-";

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Pages that every process with this file mapped shares; null with errno. REQUIRES: size > 0.
std::shared_ptr<const char> Map(int fd, size_t size) {
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) return nullptr;
  return {static_cast<const char*>(data),
          [size](const char* mapped) { ::munmap(const_cast<char*>(mapped), size); }};
}

Result<Examples> Open(const std::string& path, const std::string& key) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return ErrnoStatus(errno, path);
  const auto size = static_cast<size_t>(info.st_size);
  std::shared_ptr<const char> image = size == 0 ? nullptr : Map(file.get(), size);
  if (size > 0 && image == nullptr) return ErrnoStatus(errno, path);
  ::futimens(file.get(), nullptr);  // the last use; a folder that is read-only keeps none
  return ReadTokenFile(std::move(image), size, key);
}

bool IsThere(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && info.st_nlink > 0;
}

// A new file that its lock shows to be in the hands of a living process.
Result<Descriptor> NewPartial(const std::string& path) {
  for (int tries = 0; tries < 8; ++tries) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file.get() < 0) return ErrnoStatus(errno, path);
    // Between these two another process may have taken it for a leftover.
    if (::flock(file.get(), LOCK_EX) == 0 && IsThere(file.get())) return file;
  }
  return Unavailable(path + " is removed by others as soon as it is made");
}

Status WriteAll(int fd, const std::string& path, const std::string& content) {
  for (size_t done = 0; done < content.size();) {
    const ssize_t n = ::write(fd, content.data() + done, content.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "write " + path);
    done += static_cast<size_t>(n);
  }
  return ::fsync(fd) == 0 ? OkStatus() : ErrnoStatus(errno, "fsync " + path);
}

}  // namespace

std::optional<Examples> TokenCache::Find(const std::string& key) const {
  const std::string path = JoinPath(folder_.dir, key);
  auto found = Open(path, key);
  if (found.ok()) return std::move(*found);
  if (found.status().code() == absl::StatusCode::kDataLoss) {
    LogWarning(path + " is damaged (" + Message(found.status()) +
               "): it is thrown away, and the texts are tokenised again");
    ::unlink(path.c_str());
  }
  return std::nullopt;
}

void TokenCache::Keep(const std::string& key, const std::string& image) const {
  if (folder_.limit > 0 && static_cast<int64_t>(image.size()) > folder_.limit) {
    LogInfo("token ids of " + std::to_string(image.size()) + " bytes are not kept: " + folder_.dir +
            " is limited to " + std::to_string(folder_.limit));
    return;
  }
  RemoveLeftovers();
  const Status written = Write(key, image);
  if (written.ok()) return Evict(key);
  static std::atomic<bool> said{false};
  if (!said.exchange(true)) {
    LogWarning("token ids cannot be kept in " + folder_.dir +
               ", so the next process tokenises again: " + Message(written));
  }
}

Status TokenCache::Write(const std::string& key, const std::string& image) const {
  static std::atomic<int> counter{0};
  EIDA_RETURN_IF_ERROR(MakeDirs(folder_.dir));
  const std::string path = JoinPath(folder_.dir, key);
  const std::string partial =
      path + kPartial + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  EIDA_ASSIGN_OR_RETURN(const Descriptor file, NewPartial(partial));
  Status status = WriteAll(file.get(), partial, image);
  if (status.ok()) status = RenameFile(partial, path);
  if (!status.ok()) {
    ::unlink(partial.c_str());
    return status;
  }
  return SyncDir(folder_.dir);
}

void TokenCache::RemoveLeftovers() const {
  for (const std::string& name : ListDir(folder_.dir).value_or(std::vector<std::string>{})) {
    if (name.find(kPartial) == std::string::npos) continue;
    const std::string path = JoinPath(folder_.dir, name);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  }
}

void TokenCache::Evict(const std::string& newest) const {
  if (folder_.limit <= 0) return;
  struct Kept {
    std::pair<int64_t, int64_t> used;
    int64_t size;
    std::string path;
  };
  std::vector<Kept> files;
  int64_t bytes = 0;
  for (const std::string& name : ListDir(folder_.dir).value_or(std::vector<std::string>{})) {
    struct stat info {};
    const std::string path = JoinPath(folder_.dir, name);
    if (!IsDigest(name) || ::stat(path.c_str(), &info) != 0) continue;
    bytes += info.st_size;
    if (name != newest)
      files.push_back({{info.st_mtim.tv_sec, info.st_mtim.tv_nsec}, info.st_size, path});
  }
  std::sort(files.begin(), files.end(),
            [](const Kept& a, const Kept& b) { return a.used < b.used; });
  for (const Kept& file : files) {
    if (bytes <= folder_.limit) return;
    ::unlink(file.path.c_str());
    bytes -= file.size;
  }
}

}  // namespace eida::engine
