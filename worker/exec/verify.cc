#include "worker/exec/verify.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>

#include "common/base/json.h"

namespace eida::exec {
namespace {

constexpr uint64_t kMaxHeader = 100'000'000;

bool IsOneOf(const std::string& kind, std::initializer_list<const char*> kinds) {
  return std::any_of(kinds.begin(), kinds.end(), [&](const char* k) { return kind == k; });
}

// The end of the tensor data, counted from the end of the header.
Result<uint64_t> DataEnd(const Json& header, const std::string& path) {
  uint64_t end = 0;
  for (const auto& [name, tensor] : header.items()) {
    if (name == "__metadata__") continue;
    const auto offsets =
        Require<std::array<uint64_t, 2>>(tensor, "data_offsets", path + ": tensor " + name);
    if (!offsets.ok()) return DataLoss(Message(offsets.status()));
    if ((*offsets)[0] > (*offsets)[1])
      return DataLoss(path + ": tensor " + name + " ends before it begins");
    end = std::max(end, (*offsets)[1]);
  }
  return end;
}

Status VerifyTensors(const std::string& path, uint64_t size) {
  std::ifstream file(path, std::ios::binary);
  unsigned char prefix[8] = {};
  if (!file.read(reinterpret_cast<char*>(prefix), 8))
    return DataLoss(path + " is truncated: no safetensors header");
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | prefix[i];
  if (length > kMaxHeader || length > size - 8) {
    return DataLoss(path + " is no safetensors file: its header claims " + std::to_string(length) +
                    " bytes of " + std::to_string(size));
  }
  std::string text(length, '\0');
  file.read(text.data(), static_cast<std::streamsize>(length));
  const Result<Json> header = ParseJson(text, path + ": safetensors header");
  if (!header.ok()) return DataLoss(Message(header.status()));
  if (!header->is_object()) return DataLoss(path + ": safetensors header is no object");
  EIDA_ASSIGN_OR_RETURN(const uint64_t end, DataEnd(*header, path));
  if (8 + length + end != size) {
    return DataLoss(path + " holds " + std::to_string(size) +
                    " bytes, its safetensors header names " + std::to_string(8 + length + end));
  }
  return OkStatus();
}

}  // namespace

Status VerifyArtifact(const std::string& kind, const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(info.st_mode)) return DataLoss(path + " is no regular file");
  if (IsOneOf(kind, {"adapter", "model", "checkpoint", "eval", "gram", "losses"})) {
    return VerifyTensors(path, static_cast<uint64_t>(info.st_size));
  }
  if (IsOneOf(kind, {"curve", "matrix", "soup"})) {
    const Result<Json> json = ReadJsonFile(path);
    if (!json.ok()) return DataLoss(Message(json.status()));
    if (!json->is_object()) return DataLoss(path + ": a " + kind + " must be a JSON object");
  }
  return OkStatus();
}

}  // namespace eida::exec
