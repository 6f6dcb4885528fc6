#include "common/rpc/token.h"

#include <sys/stat.h>

#include <cctype>
#include <cerrno>
#include <random>

#include "common/base/fs.h"
#include "common/base/text.h"

namespace eida::rpc {
namespace {

constexpr size_t kMinLength = 32;

}  // namespace

std::string GenerateToken() {
  static const char* kHex = "0123456789abcdef";
  std::random_device random;  // the kernel's generator on Linux
  std::string out;
  while (out.size() < 64) {
    uint32_t bits = random();
    for (int i = 0; i < 8; ++i, bits >>= 4) out.push_back(kHex[bits & 15]);
  }
  return out;
}

Result<std::string> ReadToken(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "token file " + path);
  if (!S_ISREG(info.st_mode))
    return FailedPrecondition("token file " + path + ": not a regular file");
  if ((info.st_mode & 077) != 0) {
    return FailedPrecondition("token file " + path + ": other users can read it; run `chmod 600 " +
                              path + "`, and make a new token if somebody may have seen it");
  }
  EIDA_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  const std::string token(Trim(content));
  if (token.size() < kMinLength) {
    return FailedPrecondition("token file " + path + ": holds " + std::to_string(token.size()) +
                              " characters, a token has at least " + std::to_string(kMinLength) +
                              "; remove the file and start the coordinator again to get a new one");
  }
  for (const unsigned char c : token) {
    if (!std::isgraph(c)) {
      return FailedPrecondition("token file " + path +
                                ": holds more than one word of printable characters");
    }
  }
  return token;
}

Result<std::string> LoadOrCreateToken(const std::string& path) {
  if (FileExists(path)) return ReadToken(path);
  const std::string token = GenerateToken();
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(path, token + "\n", 0600));
  return token;
}

bool TokensEqual(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

std::string BearerToken(const std::string& header) {
  const std::string kScheme = "bearer ";
  if (header.size() <= kScheme.size()) return "";
  for (size_t i = 0; i < kScheme.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>(header[i])) != kScheme[i]) return "";
  }
  return std::string(Trim(std::string_view(header).substr(kScheme.size())));
}

}  // namespace eida::rpc
