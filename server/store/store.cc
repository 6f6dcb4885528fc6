#include "server/store/store.h"

#include "server/store/apply.h"
#include "server/store/db.h"
#include "server/store/load.h"
#include "server/store/schema.h"

namespace eida::store {

// Members in order of dependence: the lock is the last to go.
struct Store::Impl {
  FileLock lock;
  std::unique_ptr<Db> db;
  OnTransaction on_transaction;
  Applier applier{*db};
  std::shared_ptr<std::mutex> write_mutex = std::make_shared<std::mutex>();
  int schema_version = 0;
};

std::string DatabasePath(const std::string& dir) { return JoinPath(dir, "eida.db"); }

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const StoreOptions& options) {
  EIDA_RETURN_IF_ERROR(MakeDirs(options.dir, 0700));
  Result<FileLock> lock = FileLock::Acquire(JoinPath(options.dir, "eida.lock"));
  if (!lock.ok()) {
    return Annotate(lock.status(),
                    "data directory " + options.dir + " is in use by another coordinator");
  }
  const std::string path = DatabasePath(options.dir);
  // The last connection of a clean shutdown empties the write-ahead log and removes it.
  const Result<int64_t> log_size = FileSize(path + "-wal");
  const bool unclean = log_size.ok() && *log_size > 0;
  EIDA_ASSIGN_OR_RETURN(std::unique_ptr<Db> db, Db::Open(path, Db::Mode::kReadWrite));
  EIDA_RETURN_IF_ERROR(Migrate(*db));
  if (unclean) EIDA_RETURN_IF_ERROR(CheckTables(*db));
  EIDA_ASSIGN_OR_RETURN(const int version, SchemaVersion(*db));
  std::unique_ptr<Impl> impl(
      new Impl{std::move(lock).value(), std::move(db), options.on_transaction});
  impl->schema_version = version;
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

Status Store::Apply(const std::vector<Change>& changes) {
  if (changes.empty()) return OkStatus();
  const Stopwatch watch;
  const Status status = Catching("write to " + impl_->db->path(), [&]() -> Status {
    const std::lock_guard lock(*impl_->write_mutex);
    Transaction transaction(*impl_->db);
    for (const Change& change : changes) EIDA_RETURN_IF_ERROR(impl_->applier.One(change));
    transaction.Commit();
    return OkStatus();
  });
  if (!status.ok()) impl_->applier.Forget();
  if (impl_->on_transaction) impl_->on_transaction("write", watch.Seconds());
  return status;
}

Result<Snapshot> Store::Load() {
  const Stopwatch watch;
  Result<Snapshot> snapshot = Catching(
      "load " + impl_->db->path(), [&]() -> Result<Snapshot> { return LoadSnapshot(*impl_->db); });
  if (impl_->on_transaction) impl_->on_transaction("read", watch.Seconds());
  return snapshot;
}

std::shared_ptr<std::mutex> Store::write_mutex() const { return impl_->write_mutex; }
int Store::schema_version() const { return impl_->schema_version; }

}  // namespace eida::store
