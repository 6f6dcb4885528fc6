#include "server/artifacts/blobs.h"

#include "common/base/digest.h"
#include "common/base/text.h"
#include "server/artifacts/shared.h"

namespace eida::artifacts {
namespace {

constexpr size_t kShardLength = 2;  // hex digits of the folder's name
constexpr size_t kReadSize = 1 << 20;

Status RequireDigest(const Digest& digest) {
  if (IsDigest(digest.str())) return OkStatus();
  return InvalidArgument("\"" + Ellipsis(digest.str(), 80) +
                         "\" is no digest: expected 64 lower-case hex digits");
}

Status CountFiles(const std::string& dir, int64_t& bytes, int64_t& objects) {
  EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> shards, ListDir(dir));
  for (const std::string& shard : shards) {
    if (shard.size() != kShardLength) continue;
    const std::string path = JoinPath(dir, shard);
    EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDir(path));
    for (const std::string& name : names) {
      EIDA_ASSIGN_OR_RETURN(const int64_t size, FileSize(JoinPath(path, name)));
      bytes += size;
      ++objects;
    }
  }
  return OkStatus();
}

}  // namespace

std::string Blobs::Shared::PathOf(const Digest& digest) const {
  return JoinPath(JoinPath(options.dir, digest.str().substr(0, kShardLength)),
                  digest.str().substr(kShardLength));
}

Result<bool> Blobs::Shared::Stored(const Digest& digest) const {
  if (FileExists(PathOf(digest))) return true;
  return small.Has(digest);
}

bool Blobs::Shared::IsDamaged(const Digest& digest) const {
  const std::lock_guard lock(mutex);
  return damaged.count(digest) != 0;
}

Status Blobs::Shared::Damaged(const Digest& digest, const std::string& where,
                              const std::string& found) {
  {
    const std::lock_guard lock(mutex);
    damaged.insert(digest);
  }
  const std::string message = "artifact " + digest.str() + " is damaged in " + where + ": " +
                              found + "; put it again from a worker's cache or a backup";
  if (options.on_damage) options.on_damage(message);
  return DataLoss(message);
}

void Blobs::Shared::Committed(const Digest& digest, int64_t size, bool is_new) {
  const std::lock_guard lock(mutex);
  damaged.erase(digest);
  if (!is_new) return;
  bytes += size;
  ++objects;
}

Blobs::Blobs(std::unique_ptr<Shared> shared) : shared_(std::move(shared)) {}
Blobs::~Blobs() = default;

Result<std::unique_ptr<Blobs>> Blobs::Open(const BlobsOptions& options, SmallBlobs& small) {
  SpaceLedger::Probe probe = options.disk_space;
  if (!probe) probe = [dir = options.dir] { return DiskSpaceOf(dir); };
  auto shared = std::make_unique<Shared>(options, small, std::move(probe));
  EIDA_RETURN_IF_ERROR(MakeDirs(options.dir, 0700));
  EIDA_RETURN_IF_ERROR(RemoveTree(shared->IncomingDir()));
  EIDA_RETURN_IF_ERROR(MakeDirs(shared->IncomingDir(), 0700));
  EIDA_ASSIGN_OR_RETURN(const SmallBlobs::Total total, small.Count());
  shared->bytes = total.bytes;
  shared->objects = total.objects;
  EIDA_RETURN_IF_ERROR(CountFiles(options.dir, shared->bytes, shared->objects));
  return std::unique_ptr<Blobs>(new Blobs(std::move(shared)));
}

Result<bool> Blobs::Has(const Digest& digest) const {
  EIDA_RETURN_IF_ERROR(RequireDigest(digest));
  if (shared_->IsDamaged(digest)) return false;
  return shared_->Stored(digest);
}

Result<std::unique_ptr<BlobWriter>> Blobs::NewWriter(const Digest& digest, int64_t size) {
  EIDA_RETURN_IF_ERROR(RequireDigest(digest));
  if (size < 0 || size > shared_->options.max_size) {
    return InvalidArgument("artifact " + digest.str() + ": a size of " + std::to_string(size) +
                           " bytes is not between 0 and " +
                           std::to_string(shared_->options.max_size));
  }
  EIDA_RETURN_IF_ERROR(shared_->ledger.Grant("artifact " + digest.str(), size));
  Result<std::unique_ptr<BlobWriter>> writer = size <= shared_->options.small_limit
                                                   ? MakeSmallWriter(*shared_, digest, size)
                                                   : MakeFileWriter(*shared_, digest, size);
  if (!writer.ok()) shared_->ledger.Release(size);
  return writer;
}

Result<std::unique_ptr<BlobReader>> Blobs::NewReader(const Digest& digest) const {
  EIDA_RETURN_IF_ERROR(RequireDigest(digest));
  if (FileExists(shared_->PathOf(digest))) return MakeFileReader(*shared_, digest);
  return MakeSmallReader(*shared_, digest);
}

Result<std::string> Blobs::ReadAll(const Digest& digest, int64_t limit) const {
  EIDA_ASSIGN_OR_RETURN(const std::unique_ptr<BlobReader> reader, NewReader(digest));
  if (reader->size() > limit) {
    return InvalidArgument("artifact " + digest.str() + " has " + FormatBytes(reader->size()) +
                           ", more than the " + FormatBytes(limit) + " that can be read at once");
  }
  std::string content;
  content.reserve(static_cast<size_t>(reader->size()));
  while (true) {
    EIDA_ASSIGN_OR_RETURN(const std::string piece, reader->Read(kReadSize));
    if (piece.empty()) return content;
    content += piece;
  }
}

Result<BlobUsage> Blobs::Usage() const {
  EIDA_ASSIGN_OR_RETURN(const DiskSpace space, shared_->ledger.Now());
  const std::lock_guard lock(shared_->mutex);
  return BlobUsage{shared_->bytes, shared_->objects, space.free, space.capacity};
}

}  // namespace eida::artifacts
