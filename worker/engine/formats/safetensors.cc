#include "worker/engine/formats/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "worker/engine/study.h"

namespace eida::engine {
namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // the format's own cap

struct TypeName {
  const char* name;
  at::ScalarType type;
};
constexpr TypeName kTypes[] = {
    {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
    {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
    {"U8", at::kByte},    {"BOOL", at::kBool},
};

int64_t SizeOf(at::ScalarType type) { return static_cast<int64_t>(c10::elementSize(type)); }

// Bytes of a tensor of that shape; nothing when a dimension is negative or the product overflows.
std::optional<int64_t> BytesOf(const std::vector<int64_t>& shape, at::ScalarType type) {
  int64_t bytes = SizeOf(type);
  for (const int64_t d : shape) {
    if (d < 0 || __builtin_mul_overflow(bytes, d, &bytes)) return std::nullopt;
  }
  return bytes;
}

}  // namespace

struct SafetensorsFile::Mapping {
  char* data = nullptr;
  size_t size = 0;
  size_t header = 0;  // bytes of the header's JSON
  const char* payload() const { return data + 8 + header; }
  int64_t payload_size() const { return static_cast<int64_t>(size - 8 - header); }
  ~Mapping() {
    if (data != nullptr) ::munmap(data, size);
  }
};

Result<SafetensorsFile> SafetensorsFile::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, path);
  struct stat info {};
  if (::fstat(fd, &info) != 0) {
    const int error = errno;
    ::close(fd);
    return ErrnoStatus(error, path);
  }
  SafetensorsFile file;
  file.mapping_ = std::make_shared<Mapping>();
  Mapping& mapping = *file.mapping_;
  mapping.size = static_cast<size_t>(info.st_size);
  if (mapping.size >= 8) {
    void* data = ::mmap(nullptr, mapping.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
      const int error = errno;
      ::close(fd);
      return ErrnoStatus(error, path + ": mapping");
    }
    mapping.data = static_cast<char*>(data);
  }
  ::close(fd);
  EIDA_RETURN_IF_ERROR(file.ParseHeader(path));
  return file;
}

Status SafetensorsFile::ParseHeader(const std::string& path) {
  Mapping& mapping = *mapping_;
  const auto bad = [&](const std::string& reason) {
    return ConfigError(path + " is not a usable safetensors file: " + reason +
                       "; fetch or write the file again");
  };
  if (mapping.size < 8) return bad("it has " + std::to_string(mapping.size) + " bytes, no header");
  uint64_t length = 0;
  std::memcpy(&length, mapping.data, 8);
  if (std::memcmp(mapping.data, "PK\x03\x04", 4) == 0 || mapping.data[0] == '\x80') {
    if (length > mapping.size - 8)
      return bad("it looks like pickled PyTorch weights, which can run code when read");
  }
  if (length > kMaxHeader || length > mapping.size - 8) {
    return bad("its header claims " + std::to_string(length) + " bytes and the file has " +
               std::to_string(mapping.size) + ", so it was cut off or is another format");
  }
  mapping.header = static_cast<size_t>(length);
  const auto parsed = ParseJson(std::string(mapping.data + 8, mapping.header), path + ": header");
  if (!parsed.ok()) return bad(Message(parsed.status()));
  if (!parsed->is_object()) return bad("its header is not a JSON object");
  std::vector<std::pair<int64_t, int64_t>> spans;
  for (const auto& [name, value] : parsed->items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) return bad("__metadata__ is not an object of texts");
      for (const auto& [key, text] : value.items()) {
        if (!text.is_string()) return bad("__metadata__." + key + " is not a text");
        metadata_[key] = text.get<std::string>();
      }
      continue;
    }
    const std::string at = "tensor \"" + name + "\": ";
    const auto dtype = Require<std::string>(value, "dtype", at);
    const auto shape = Require<std::vector<int64_t>>(value, "shape", at);
    const auto offsets = Require<std::vector<int64_t>>(value, "data_offsets", at);
    if (!value.is_object() || !dtype.ok() || !shape.ok() || !offsets.ok() || offsets->size() != 2) {
      return bad(at + "needs \"dtype\", \"shape\" and two \"data_offsets\"");
    }
    const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const TypeName& t) { return *dtype == t.name; });
    if (type == std::end(kTypes))
      return bad(at + "dtype \"" + *dtype + "\" is not read by this version");
    const auto bytes = BytesOf(*shape, type->type);
    const int64_t begin = (*offsets)[0], end = (*offsets)[1];
    if (begin < 0 || end < begin || end > mapping.payload_size()) {
      return bad(at + "its bytes " + std::to_string(begin) + " to " + std::to_string(end) +
                 " lie outside the file's " + std::to_string(mapping.payload_size()));
    }
    if (!bytes || *bytes != end - begin) {
      return bad(at + "shape and dtype do not fit its " + std::to_string(end - begin) + " bytes");
    }
    entries_[name] = Entry{type->type, *shape, begin, end};
    spans.emplace_back(begin, end);
  }
  std::sort(spans.begin(), spans.end());
  int64_t covered = 0;
  for (const auto& [begin, end] : spans) {
    if (begin != covered)
      return bad("the tensors overlap or leave a hole at byte " + std::to_string(covered));
    covered = end;
  }
  if (covered != mapping.payload_size()) {
    return bad(std::to_string(mapping.payload_size() - covered) +
               " bytes at its end belong to no tensor");
  }
  return OkStatus();
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

at::Tensor SafetensorsFile::Get(const std::string& name) const {
  const Entry& entry = entries_.at(name);
  const auto options = at::TensorOptions().dtype(entry.type);
  const char* data = mapping_->payload() + entry.begin;
  if (reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(SizeOf(entry.type)) != 0) {
    at::Tensor copy = at::empty(entry.shape, options);
    std::memcpy(copy.data_ptr(), data, static_cast<size_t>(entry.end - entry.begin));
    return copy;
  }
  return torch::from_blob(
      const_cast<char*>(data), entry.shape, [keep = mapping_](void*) {}, options);
}

Result<Weights> ReadSafetensors(const std::string& path,
                                std::map<std::string, std::string>* metadata) {
  EIDA_ASSIGN_OR_RETURN(const SafetensorsFile file, SafetensorsFile::Open(path));
  Weights tensors;
  for (const std::string& name : file.names()) tensors[name] = file.Get(name);
  if (metadata != nullptr) *metadata = file.metadata();
  return tensors;
}

namespace {

// A file that becomes visible only whole: Commit syncs and renames, else the destructor removes it.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".partial") {
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd_ < 0) status_ = ErrnoStatus(errno, temporary_);
  }
  ~AtomicFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!committed_) ::unlink(temporary_.c_str());
  }
  void Write(const void* data, size_t size) {
    const char* at = static_cast<const char*>(data);
    while (status_.ok() && size > 0) {
      const ssize_t n = ::write(fd_, at, size);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        status_ = ErrnoStatus(errno, "writing " + temporary_);
        return;
      }
      at += n;
      size -= static_cast<size_t>(n);
    }
  }
  Status Commit() {
    if (status_.ok() && ::fsync(fd_) != 0) status_ = ErrnoStatus(errno, "syncing " + temporary_);
    if (status_.ok()) status_ = RenameFile(temporary_, path_);
    committed_ = status_.ok();
    if (status_.ok()) status_ = SyncDir(DirName(path_));
    return status_;
  }

 private:
  std::string path_, temporary_;
  int fd_ = -1;
  bool committed_ = false;
  Status status_;
};

Result<std::string> NameOfType(at::ScalarType type, const std::string& tensor) {
  for (const TypeName& known : kTypes) {
    if (known.type == type) return std::string(known.name);
  }
  return Internal("tensor \"" + tensor + "\" has a dtype that safetensors files do not hold");
}

}  // namespace

Status WriteSafetensors(const Weights& tensors, const std::map<std::string, std::string>& metadata,
                        const std::string& path) {
  struct Part {
    std::string name;
    at::Tensor tensor;
  };
  std::vector<Part> parts;
  for (const auto& [name, tensor] : tensors)
    parts.push_back({name, tensor.detach().cpu().contiguous()});
  // Wide types first keeps every tensor aligned; names are sorted within a type.
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.tensor.element_size() > b.tensor.element_size();
  });
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  int64_t offset = 0;
  for (const Part& part : parts) {
    EIDA_ASSIGN_OR_RETURN(const std::string dtype,
                          NameOfType(part.tensor.scalar_type(), part.name));
    const int64_t end = offset + static_cast<int64_t>(part.tensor.nbytes());
    header[part.name] = {
        {"dtype", dtype}, {"shape", part.tensor.sizes().vec()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const uint64_t length = text.size();
  AtomicFile file(path);
  file.Write(&length, 8);
  file.Write(text.data(), text.size());
  for (const Part& part : parts) file.Write(part.tensor.const_data_ptr(), part.tensor.nbytes());
  return file.Commit();
}

}  // namespace eida::engine
