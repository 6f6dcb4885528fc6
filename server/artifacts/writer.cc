#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/digest.h"
#include "server/artifacts/shared.h"

namespace eida::artifacts {
namespace {

// What both kinds of writer check: size and digest are what was announced. Gives back the space
// that it did not use.
class CheckedWriter : public BlobWriter {
 public:
  CheckedWriter(Blobs::Shared& shared, const Digest& digest, int64_t size)
      : shared_(shared), digest_(digest), size_(size) {}
  ~CheckedWriter() override { shared_.ledger.Release(size_ - released_); }

  Status Append(std::string_view bytes) final {
    if (static_cast<int64_t>(bytes.size()) > size_ - received_) {
      return InvalidArgument(Name() + ": more than the announced " + std::to_string(size_) +
                             " bytes were sent");
    }
    hash_.Update(bytes.data(), bytes.size());
    received_ += static_cast<int64_t>(bytes.size());
    return Keep(bytes);
  }

  Status Commit() final {
    if (received_ != size_) {
      return InvalidArgument(Name() + ": " + std::to_string(received_) + " bytes were sent, " +
                             std::to_string(size_) + " were announced");
    }
    const std::string found = hash_.FinishHex();
    if (found != digest_.str())
      return InvalidArgument(Name() + ": the SHA-256 of what was sent is " + found);
    EIDA_RETURN_IF_ERROR(Prepare());
    const std::lock_guard lock(shared_.commit_mutex);
    EIDA_ASSIGN_OR_RETURN(existed_, shared_.Stored(digest_));
    if (!existed_ || shared_.IsDamaged(digest_)) EIDA_RETURN_IF_ERROR(Publish());
    shared_.Committed(digest_, size_, !existed_);
    return OkStatus();
  }

  bool existed() const final { return existed_; }

 protected:
  std::string Name() const { return "artifact " + digest_.str(); }
  virtual Status Keep(std::string_view bytes) = 0;
  virtual Status Prepare() {
    return OkStatus();
  }  // the slow part of a commit, before others have to wait for it
  virtual Status Publish() = 0;
  // `bytes` of the granted space are on the disk now.
  void Written(size_t bytes) {
    released_ += static_cast<int64_t>(bytes);
    shared_.ledger.Release(static_cast<int64_t>(bytes));
  }

  Blobs::Shared& shared_;
  const Digest digest_;
  const int64_t size_;

 private:
  int64_t received_ = 0;
  int64_t released_ = 0;
  bool existed_ = false;
  Sha256 hash_;
};

class SmallWriter : public CheckedWriter {
 public:
  using CheckedWriter::CheckedWriter;

 private:
  Status Keep(std::string_view bytes) override {
    content_.append(bytes);
    return OkStatus();
  }
  Status Publish() override { return shared_.small.Put(digest_, content_); }

  std::string content_;
};

class FileWriter : public CheckedWriter {
 public:
  FileWriter(Blobs::Shared& shared, const Digest& digest, int64_t size, std::string path, int fd)
      : CheckedWriter(shared, digest, size), path_(std::move(path)), fd_(fd) {}
  ~FileWriter() override {
    if (fd_ >= 0) close(fd_);
    if (!published_) unlink(path_.c_str());
  }

 private:
  Status Keep(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, "write " + path_);
      Written(static_cast<size_t>(n));
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return OkStatus();
  }

  // A failed fsync is not tried again: the kernel may have dropped the pages and would report
  // success.
  Status Prepare() override {
    if (fsync(fd_) != 0) return ErrnoStatus(errno, "fsync " + path_);
    const int fd = std::exchange(fd_, -1);
    if (close(fd) != 0) return ErrnoStatus(errno, "close " + path_);
    return OkStatus();
  }

  Status Publish() override {
    const std::string target = shared_.PathOf(digest_);
    const std::string shard = DirName(target);
    if (!IsDirectory(shard)) {
      EIDA_RETURN_IF_ERROR(MakeDirs(shard, 0700));
      EIDA_RETURN_IF_ERROR(SyncDir(shared_.options.dir));
    }
    EIDA_RETURN_IF_ERROR(RenameFile(path_, target));
    published_ = true;
    return SyncDir(shard);
  }

  const std::string path_;
  int fd_;
  bool published_ = false;
};

}  // namespace

Result<std::unique_ptr<BlobWriter>> MakeSmallWriter(Blobs::Shared& shared, const Digest& digest,
                                                    int64_t size) {
  return std::make_unique<SmallWriter>(shared, digest, size);
}

Result<std::unique_ptr<BlobWriter>> MakeFileWriter(Blobs::Shared& shared, const Digest& digest,
                                                   int64_t size) {
  const std::string path = JoinPath(shared.IncomingDir(), std::to_string(shared.next_upload++));
  const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, "create " + path);
  return std::make_unique<FileWriter>(shared, digest, size, path, fd);
}

}  // namespace eida::artifacts
