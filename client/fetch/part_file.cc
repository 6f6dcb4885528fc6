#include "client/fetch/part_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::fetch {

PartFile::~PartFile() {
  if (fd_ >= 0) close(fd_);
}

Status PartFile::Open() {
  EIDA_RETURN_IF_ERROR(MakeDirs(DirName(path_)));
  fd_ = open(part().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd_ < 0) return ErrnoStatus(errno, part());
  size_ = lseek(fd_, 0, SEEK_END);
  if (size_ < 0) return ErrnoStatus(errno, part());
  if (const Result<std::string> of = ReadFile(part() + "-of"); of.ok()) validator_ = *of;
  return OkStatus();
}

Status PartFile::Restart(const std::string& validator) {
  if (ftruncate(fd_, 0) != 0 || lseek(fd_, 0, SEEK_SET) < 0) return ErrnoStatus(errno, part());
  size_ = 0;
  validator_ = validator;
  if (!validator.empty()) return WriteFileAtomic(part() + "-of", validator);
  unlink((part() + "-of").c_str());
  return OkStatus();
}

Status PartFile::Write(const char* data, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd_, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
      return FailedPrecondition(
          Message(ErrnoStatus(error, "write " + part())) + " after " + FormatBytes(size_) +
          (full ? "; what came is kept: make room, and the same command goes on" : ""));
    }
    data += n;
    size -= static_cast<size_t>(n);
    size_ += n;
  }
  return OkStatus();
}

Status PartFile::PutInPlace() {
  if (fsync(fd_) != 0) return ErrnoStatus(errno, "fsync " + part());
  EIDA_RETURN_IF_ERROR(RenameFile(part(), path_));
  unlink((part() + "-of").c_str());
  return SyncDir(DirName(path_));
}

void PartFile::Remove() {
  unlink(part().c_str());
  unlink((part() + "-of").c_str());
}

}  // namespace eida::fetch
