// SHA-256: the identity of every artifact and fingerprint.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/base/ids.h"
#include "common/base/status.h"

namespace eida {

// Incremental SHA-256 (OpenSSL EVP). Not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Update(const void* data, size_t size);
  void Update(const std::string& data) { Update(data.data(), data.size()); }
  // 64 lower-case hex digits. Call once.
  std::string FinishHex();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

Digest DigestOf(const std::string& content);
// Reads the file in large blocks; NotFound and I/O errors name the path.
Result<Digest> DigestOfFile(const std::string& path);
// 64 lower-case hex digits? What every name that comes from outside is checked with before it
// touches a path.
bool IsDigest(const std::string& text);

}  // namespace eida
