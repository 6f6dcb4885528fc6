#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/digest.h"
#include "server/artifacts/shared.h"

namespace eida::artifacts {
namespace {

// Content that was verified when it was fetched.
class SmallReader : public BlobReader {
 public:
  explicit SmallReader(std::string content) : content_(std::move(content)) {}
  int64_t size() const override { return static_cast<int64_t>(content_.size()); }
  Result<std::string> Read(size_t max) override {
    std::string piece = content_.substr(at_, max);
    at_ += piece.size();
    return piece;
  }

 private:
  const std::string content_;
  size_t at_ = 0;
};

class FileReader : public BlobReader {
 public:
  FileReader(Blobs::Shared& shared, const Digest& digest, std::string path, int fd, int64_t size)
      : shared_(shared), digest_(digest), path_(std::move(path)), fd_(fd), size_(size) {}
  ~FileReader() override { close(fd_); }
  int64_t size() const override { return size_; }

  Result<std::string> Read(size_t max) override {
    if (verified_) return std::string();
    std::string piece(
        static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(max), size_ - at_)), '\0');
    for (size_t done = 0; done < piece.size();) {
      const ssize_t n = read(fd_, piece.data() + done, piece.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, "read artifact " + digest_.str() + " from " + path_);
      if (n == 0)
        return Damage("it ends after " + std::to_string(at_ + static_cast<int64_t>(done)) +
                      " bytes");
      done += static_cast<size_t>(n);
    }
    hash_.Update(piece);
    at_ += static_cast<int64_t>(piece.size());
    if (at_ == size_) {
      const std::string found = hash_.FinishHex();
      if (found != digest_.str())
        return Damage("the SHA-256 of its " + std::to_string(size_) + " bytes is " + found);
      verified_ = true;
    }
    return piece;
  }

 private:
  Status Damage(const std::string& found) { return shared_.Damaged(digest_, path_, found); }

  Blobs::Shared& shared_;
  const Digest digest_;
  const std::string path_;
  const int fd_;
  const int64_t size_;
  int64_t at_ = 0;
  bool verified_ = false;
  Sha256 hash_;
};

}  // namespace

Result<std::unique_ptr<BlobReader>> MakeSmallReader(Blobs::Shared& shared, const Digest& digest) {
  Result<std::string> content = shared.small.Get(digest);
  if (content.status().code() == absl::StatusCode::kDataLoss) {
    return shared.Damaged(digest, "the database", Message(content.status()));
  }
  if (!content.ok()) return content.status();
  const Digest found = DigestOf(*content);
  if (found != digest) {
    return shared.Damaged(
        digest, "the database",
        "the SHA-256 of its " + std::to_string(content->size()) + " bytes is " + found.str());
  }
  return std::make_unique<SmallReader>(std::move(content).value());
}

Result<std::unique_ptr<BlobReader>> MakeFileReader(Blobs::Shared& shared, const Digest& digest) {
  const std::string path = shared.PathOf(digest);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "open artifact " + path);
  struct stat info {};
  if (fstat(fd, &info) != 0) {
    const int error = errno;
    close(fd);
    return ErrnoStatus(error, "look at artifact " + path);
  }
  return std::make_unique<FileReader>(shared, digest, path, fd, info.st_size);
}

}  // namespace eida::artifacts
