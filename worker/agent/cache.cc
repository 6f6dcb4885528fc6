#include "worker/agent/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/base/log.h"

namespace eida::agent {
namespace {

constexpr char kIncoming[] = "incoming";

std::optional<struct stat> Stat(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return info;
}

int64_t MtimeNs(const struct stat& info) {
  return int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

}  // namespace

Pin& Pin::operator=(Pin&& other) noexcept {
  std::swap(cache_, other.cache_);
  std::swap(digest_, other.digest_);
  std::swap(path_, other.path_);
  return *this;
}

Pin::~Pin() {
  if (cache_ != nullptr) cache_->Release(digest_);
}

Result<std::unique_ptr<Cache>> Cache::Open(const std::string& dir, int64_t limit) {
  EIDA_RETURN_IF_ERROR(MakeDirs(dir));
  EIDA_RETURN_IF_ERROR(RemoveTree(JoinPath(dir, kIncoming)));
  EIDA_RETURN_IF_ERROR(MakeDirs(JoinPath(dir, kIncoming)));
  std::unique_ptr<Cache> cache(new Cache(dir, limit));
  EIDA_RETURN_IF_ERROR(cache->Scan());
  return cache;
}

Status Cache::Scan() {
  EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> heads, ListDir(dir_));
  const std::lock_guard lock(mutex_);
  for (const std::string& head : heads) {
    if (head.size() != 2) continue;
    EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> tails, ListDir(JoinPath(dir_, head)));
    for (const std::string& tail : tails) {
      const Result<int64_t> size = FileSize(JoinPath(JoinPath(dir_, head), tail));
      if (!IsDigest(head + tail) || !size.ok()) continue;
      entries_[Digest(head + tail)].size = *size;
      bytes_ += *size;
    }
  }
  Evict();
  return OkStatus();
}

std::string Cache::PathOf(const Digest& digest) const {
  return JoinPath(JoinPath(dir_, digest.str().substr(0, 2)), digest.str().substr(2));
}

// True when the file is there and whole; touches it. A damaged file is removed.
bool Cache::Check(const Digest& digest, const std::string& path) {
  const auto info = Stat(path);
  if (!info) return false;
  bool known;
  {
    const std::lock_guard lock(mutex_);
    const auto it = verified_.find(digest);
    known = it != verified_.end() && it->second == Seen{info->st_size, MtimeNs(*info)};
  }
  if (!known) {
    const Result<Digest> actual = DigestOfFile(path);
    if (!actual.ok() || *actual != digest) {
      EIDA_WARN("cache: {} is damaged; it is thrown away and fetched again", path);
      unlink(path.c_str());
      return false;
    }
  }
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  const auto touched = Stat(path);
  if (!touched) return false;
  const std::lock_guard lock(mutex_);
  verified_[digest] = {touched->st_size, MtimeNs(*touched)};
  return true;
}

Status Cache::MoveIn(const std::string& from, const Digest& digest) {
  const std::string path = PathOf(digest);
  EIDA_RETURN_IF_ERROR(MakeDirs(DirName(path)));
  if (chmod(from.c_str(), 0444) != 0) return ErrnoStatus(errno, from);
  return RenameFile(from, path);
}

Status Cache::Bring(const Digest& digest, const Download& download) {
  std::string temp;
  {
    const std::lock_guard lock(mutex_);
    temp = JoinPath(JoinPath(dir_, kIncoming),
                    digest.str().substr(0, 16) + "-" + std::to_string(++temp_));
  }
  Status status = download(temp);
  if (status.ok()) {
    const Result<Digest> actual = DigestOfFile(temp);
    status = actual.status();
    if (actual.ok() && *actual != digest) {
      status = DataLoss("artifact " + digest.str() + " arrived with other content (" +
                        actual->str() + ")");
    }
  }
  if (status.ok()) status = MoveIn(temp, digest);
  if (!status.ok()) {
    unlink(temp.c_str());
    return status;
  }
  if (const auto info = Stat(PathOf(digest))) {
    const std::lock_guard lock(mutex_);
    verified_[digest] = {info->st_size, MtimeNs(*info)};
  }
  return status;
}

Result<Pin> Cache::Fetch(const Digest& digest, const Download& download, std::stop_token stop) {
  if (!IsDigest(digest.str())) return InvalidArgument("\"" + digest.str() + "\" is no digest");
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [&] { return busy_.count(digest) == 0; })) {
      return Status(absl::StatusCode::kCancelled,
                    "the fetch of " + digest.str() + " was cancelled");
    }
    busy_.insert(digest);
    ++entries_[digest].pins;  // nobody may evict it between here and Take
  }
  const std::string path = PathOf(digest);
  Status status = OkStatus();
  if (!Check(digest, path)) status = Bring(digest, download);
  const Result<int64_t> size = status.ok() ? FileSize(path) : Result<int64_t>(status);
  std::unique_lock lock(mutex_);
  busy_.erase(digest);
  changed_.notify_all();
  Entry& entry = entries_[digest];
  --entry.pins;
  if (size.ok()) return Take(digest, *size);
  bytes_ -= entry.size;
  entry.size = 0;
  if (entry.pins == 0) entries_.erase(digest);
  return size.status();
}

// REQUIRES: mutex_ is held.
Pin Cache::Take(const Digest& digest, int64_t size) {
  Entry& entry = entries_[digest];
  bytes_ += size - entry.size;
  entry.size = size;
  ++entry.pins;
  Evict();
  return Pin(this, digest, PathOf(digest));
}

Result<Cache::Added> Cache::Adopt(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(Digest digest, DigestOfFile(path));
  EIDA_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return busy_.count(digest) == 0; });
    busy_.insert(digest);
  }
  const Status moved = MoveIn(path, digest);
  const auto info = moved.ok() ? Stat(PathOf(digest)) : std::nullopt;
  std::unique_lock lock(mutex_);
  busy_.erase(digest);
  changed_.notify_all();
  EIDA_RETURN_IF_ERROR(moved);
  if (info) verified_[digest] = {info->st_size, MtimeNs(*info)};
  Pin pin = Take(digest, size);
  return Added{std::move(digest), size, std::move(pin)};
}

void Cache::Release(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(digest);
  if (it == entries_.end()) return;
  if (--it->second.pins == 0) Evict();
}

void Cache::Drop(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(digest);
  if (it == entries_.end() || it->second.pins > 0 || busy_.count(digest) > 0) return;
  unlink(PathOf(digest).c_str());
  bytes_ -= it->second.size;
  verified_.erase(digest);
  entries_.erase(it);
}

// Removes the files that were used longest ago until the limit is kept. REQUIRES: mutex_ is held.
void Cache::Evict() {
  if (limit_ <= 0 || bytes_ <= limit_) return;
  std::vector<std::pair<int64_t, Digest>> by_age;
  for (const auto& [digest, entry] : entries_) {
    if (entry.pins > 0 || busy_.count(digest) > 0) continue;
    const auto info = Stat(PathOf(digest));
    by_age.emplace_back(info ? MtimeNs(*info) : 0, digest);
  }
  std::sort(by_age.begin(), by_age.end());
  for (const auto& [age, digest] : by_age) {
    if (bytes_ <= limit_) return;
    unlink(PathOf(digest).c_str());
    bytes_ -= entries_[digest].size;
    verified_.erase(digest);
    entries_.erase(digest);
  }
}

Cache::Usage Cache::UsageNow() const {
  const std::lock_guard lock(mutex_);
  Usage usage;
  for (const auto& [digest, entry] : entries_)
    (entry.pins > 0 ? usage.used : usage.idle) += entry.size;
  return usage;
}

int64_t Cache::Bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace eida::agent
