// Small content, under its digest, in the database. It has what artifacts::SmallBlobs asks for,
// without knowing it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "common/base/ids.h"
#include "common/base/status.h"
#include "server/store/store.h"

namespace eida::store {

// Thread-safe. Puts are transactions of their own on a connection of their own; `write_mutex`
// (Store::write_mutex) keeps them apart from the writer's, so that neither ever finds the database
// locked. Gets never wait for writers.
class BlobTable {
 public:
  static Result<std::unique_ptr<BlobTable>> Open(const std::string& dir,
                                                 std::shared_ptr<std::mutex> write_mutex,
                                                 OnTransaction on_transaction = nullptr);
  ~BlobTable();
  BlobTable(const BlobTable&) = delete;
  BlobTable& operator=(const BlobTable&) = delete;

  // The bytes as they are stored, unverified. NotFound names the digest.
  Result<std::string> Get(const Digest& digest) const;
  // Durable when it returns; takes the place of what was there.
  Status Put(const Digest& digest, const std::string& content);
  Result<bool> Has(const Digest& digest) const;

  struct Total {
    int64_t bytes = 0;
    int64_t objects = 0;
  };
  Result<Total> Count() const;

 private:
  struct Impl;
  explicit BlobTable(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace eida::store
