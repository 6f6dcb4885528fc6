// Read-only connections, as many as there are readers at the same time. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/store/db.h"

namespace eida::store {

class Pool {
 public:
  explicit Pool(std::string path) : path_(std::move(path)) {}

  // A connection for the time of one read; it goes back to the pool with the object.
  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<Db> db) : pool_(&pool), db_(std::move(db)) {}
    Lease(Lease&& other) noexcept = default;
    ~Lease() {
      if (db_ != nullptr) pool_->Put(std::move(db_));
    }
    Db& operator*() const { return *db_; }

   private:
    Pool* pool_;
    std::unique_ptr<Db> db_;
  };
  Result<Lease> Take();
  const std::string& path() const { return path_; }

 private:
  void Put(std::unique_ptr<Db> db);
  const std::string path_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Db>> idle_;
};

}  // namespace eida::store
