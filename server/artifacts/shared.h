// What Blobs, its writers and its readers hold in common.
#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>

#include "common/base/fs.h"
#include "server/artifacts/blobs.h"

namespace eida::artifacts {

struct Blobs::Shared {
  Shared(const BlobsOptions& given, SmallBlobs& small_blobs, SpaceLedger::Probe probe)
      : options(given), small(small_blobs), ledger(given.dir, given.keep_free, std::move(probe)) {}

  // DIR/ab/cdef..; the digest must have been checked.
  std::string PathOf(const Digest& digest) const;
  std::string IncomingDir() const { return JoinPath(options.dir, "incoming"); }
  // Whether it is stored, damaged or not.
  Result<bool> Stored(const Digest& digest) const;
  bool IsDamaged(const Digest& digest) const;
  // Remembers the damage, tells on_damage, and makes the status. `where` is the file or the table.
  Status Damaged(const Digest& digest, const std::string& where, const std::string& found);
  // Counts what was committed; a damaged blob that was put again is sound from now on.
  void Committed(const Digest& digest, int64_t size, bool is_new);

  const BlobsOptions options;
  SmallBlobs& small;
  SpaceLedger ledger;
  std::atomic<int64_t> next_upload{1};
  std::mutex commit_mutex;  // one commit at a time: what is counted is what is there

  mutable std::mutex mutex;  // guards what follows
  std::set<Digest> damaged;
  int64_t bytes = 0;
  int64_t objects = 0;
};

Result<std::unique_ptr<BlobWriter>> MakeSmallWriter(Blobs::Shared& shared, const Digest& digest,
                                                    int64_t size);
Result<std::unique_ptr<BlobWriter>> MakeFileWriter(Blobs::Shared& shared, const Digest& digest,
                                                   int64_t size);
Result<std::unique_ptr<BlobReader>> MakeSmallReader(Blobs::Shared& shared, const Digest& digest);
Result<std::unique_ptr<BlobReader>> MakeFileReader(Blobs::Shared& shared, const Digest& digest);

}  // namespace eida::artifacts
