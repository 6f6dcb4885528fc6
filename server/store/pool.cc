#include "server/store/pool.h"

namespace eida::store {
namespace {

constexpr size_t kMaxIdle = 8;

}  // namespace

Result<Pool::Lease> Pool::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Db> db = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(db));
    }
  }
  EIDA_ASSIGN_OR_RETURN(std::unique_ptr<Db> db, Db::Open(path_, Db::Mode::kReadOnly));
  return Lease(*this, std::move(db));
}

void Pool::Put(std::unique_ptr<Db> db) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(db));
}

}  // namespace eida::store
