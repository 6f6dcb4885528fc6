#include "server/store/blob_table.h"

#include "server/store/pool.h"
#include "server/store/schema.h"

namespace eida::store {

struct BlobTable::Impl {
  std::shared_ptr<std::mutex> write_mutex;
  OnTransaction on_transaction;
  std::unique_ptr<Db> writer;  // used under write_mutex
  Pool pool;

  template <class F>
  auto Timed(const char* what, const Digest& digest, F&& f) -> decltype(f()) {
    const Stopwatch watch;
    auto result =
        Catching(std::string(what) + " " + digest.str() + " in " + pool.path(), std::forward<F>(f));
    if (on_transaction) on_transaction("blob", watch.Seconds());
    return result;
  }
};

BlobTable::BlobTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BlobTable::~BlobTable() = default;

Result<std::unique_ptr<BlobTable>> BlobTable::Open(const std::string& dir,
                                                   std::shared_ptr<std::mutex> write_mutex,
                                                   OnTransaction on_transaction) {
  const std::string path = DatabasePath(dir);
  if (!FileExists(path))
    return NotFound(path + " does not exist; open the store first, which makes it");
  EIDA_ASSIGN_OR_RETURN(std::unique_ptr<Db> writer, Db::Open(path, Db::Mode::kReadWrite));
  EIDA_RETURN_IF_ERROR(RequireCurrentSchema(*writer));
  return std::unique_ptr<BlobTable>(new BlobTable(std::unique_ptr<Impl>(
      new Impl{std::move(write_mutex), std::move(on_transaction), std::move(writer), Pool(path)})));
}

Result<std::string> BlobTable::Get(const Digest& digest) const {
  EIDA_ASSIGN_OR_RETURN(const Pool::Lease db, impl_->pool.Take());
  return impl_->Timed("get artifact", digest, [&]() -> Result<std::string> {
    Query row(*db, "SELECT content FROM blobs WHERE digest = ?", digest);
    if (!row.Next()) return NotFound("artifact " + digest.str() + " is not stored");
    return row.Text(0);
  });
}

Status BlobTable::Put(const Digest& digest, const std::string& content) {
  return impl_->Timed("put artifact", digest, [&]() -> Status {
    const std::lock_guard lock(*impl_->write_mutex);
    Transaction transaction(*impl_->writer);
    {
      Query insert(*impl_->writer,
                   "INSERT OR REPLACE INTO blobs (digest, size, content) VALUES (?, ?, ?)", digest,
                   static_cast<int64_t>(content.size()));
      insert.BindBlob(content);
      insert.Run();
    }
    transaction.Commit();
    return OkStatus();
  });
}

Result<bool> BlobTable::Has(const Digest& digest) const {
  EIDA_ASSIGN_OR_RETURN(const Pool::Lease db, impl_->pool.Take());
  return impl_->Timed("look for artifact", digest, [&]() -> Result<bool> {
    return Query(*db, "SELECT 1 FROM blobs WHERE digest = ?", digest).Next();
  });
}

Result<BlobTable::Total> BlobTable::Count() const {
  EIDA_ASSIGN_OR_RETURN(const Pool::Lease db, impl_->pool.Take());
  return Catching("count artifacts in " + impl_->pool.path(), [&]() -> Result<Total> {
    Query row(*db, "SELECT coalesce(sum(size), 0), count(*) FROM blobs");
    row.Next();
    return Total{row.Int(0), row.Int(1)};
  });
}

}  // namespace eida::store
