// The coordinator's memory: everything durable goes through here, in one SQLite database,
// DIR/eida.db.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/fs.h"
#include "common/base/status.h"
#include "common/domain/change.h"

namespace eida::store {

// Told after every transaction: "write", "read" or "blob", and how long it took. Called on the
// thread that ran it.
using OnTransaction = std::function<void(const char* op, double seconds)>;

struct StoreOptions {
  std::string dir;  // made when it is missing
  OnTransaction on_transaction;
};

std::string DatabasePath(const std::string& dir);

// How many statements of this process found the database locked by another one, and waited.
// Thread-safe.
int64_t BusyWaits();

// The writer. Not thread-safe: one thread owns it. Only one Store can be open on a directory
// (DIR/eida.lock).
class Store {
 public:
  // Brings the schema up to date. After an unclean shutdown it looks for damage first (DataLoss
  // says where). Unavailable when another process has the directory.
  static Result<std::unique_ptr<Store>> Open(const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // All changes, in order, in one transaction: durable when it returns Ok, and nothing is kept
  // otherwise. Internal when a guard matches no row, which means that the caller's state is not
  // what is stored: stop and recover.
  Status Apply(const std::vector<Change>& changes);
  // What a coordinator needs to go on.
  Result<Snapshot> Load();

  // Whoever else writes to the database (BlobTable) holds it for the length of its transaction.
  std::shared_ptr<std::mutex> write_mutex() const;
  int schema_version() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace eida::store
