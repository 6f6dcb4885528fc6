// A download that is not whole yet: `path`.part, and in `path`.part-of which file it is a part of.
#pragma once

#include <string>

#include "common/base/status.h"

namespace eida::fetch {

class PartFile {
 public:
  // `path`: of the file that it will be.
  explicit PartFile(const std::string& path) : path_(path) {}
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  // Bytes that are there; 0 when there is no part.
  int64_t size() const { return size_; }
  // ETag or Last-Modified of the file that the bytes are of; "" = not known.
  const std::string& validator() const { return validator_; }
  std::string part() const { return path_ + ".part"; }

  // Reads what is there and opens it for writing at its end.
  Status Open();
  // Drops all bytes; `validator` is of what comes now.
  Status Restart(const std::string& validator);
  // FailedPrecondition naming the file when the disk is full; what was written before stays.
  Status Write(const char* data, size_t size);
  // Durable, and under its name.
  Status PutInPlace();
  // Nothing is left of it.
  void Remove();

 private:
  std::string path_, validator_;
  int64_t size_ = 0;
  int fd_ = -1;
};

}  // namespace eida::fetch
