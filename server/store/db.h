// One SQLite connection with its cached statements: the only includer of SQLiteCpp. Inside the room
// SQL errors travel as SQLite::Exception and stop at Catching. A Db serves one thread at a time.
#pragma once

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/status.h"

namespace eida::store {

class Db {
 public:
  enum class Mode { kReadWrite, kReadOnly };
  // Read-write: made when it is missing (file mode 0600), WAL, synchronous=FULL, foreign keys on.
  // Read-only: NotFound when it is missing.
  static Result<std::unique_ptr<Db>> Open(const std::string& path, Mode mode);

  void Execute(const std::string& sql);          // any number of statements, not cached
  SQLite::Statement& Prepared(const char* sql);  // cached by text for the life of the connection
  SQLite::Database& raw() { return raw_; }
  const std::string& path() const { return path_; }

 private:
  Db(const std::string& path, int flags);
  std::string path_;
  SQLite::Database raw_;
  std::unordered_map<std::string, std::unique_ptr<SQLite::Statement>> statements_;
};

// A use of a cached statement: binds in order, is reset at the end of its scope. Two Querys of
// equal text must not overlap on one connection. Ids of 0 are bound as NULL and read back as 0.
class Query {
 public:
  template <class... Args>
  Query(Db& db, const char* sql, const Args&... args) : statement_(db.Prepared(sql)) {
    (Bind(args), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  void Bind(const std::string& value) { statement_.bind(++bound_, value); }
  void Bind(double value) {
    statement_.bind(++bound_, value);
  }  // NaN becomes NULL, as SQLite has no NaN
  void Bind(WallTime value) { Bind(value.ms); }
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) void Bind(T value) {
    statement_.bind(++bound_, static_cast<int64_t>(value));
  }
  template <class Tag>
  void Bind(Id<Tag> id) {
    id ? Bind(id.value()) : BindNull();
  }
  template <class Tag>
  void Bind(const Name<Tag>& name) {
    Bind(name.str());
  }
  void BindNull() { statement_.bind(++bound_); }
  // The bytes must outlive the Query.
  void BindBlob(std::string_view bytes);

  bool Next() { return statement_.executeStep(); }
  int Run() { return statement_.exec(); }  // rows changed

  bool IsNull(int column) const { return statement_.isColumnNull(column); }
  int64_t Int(int column) const { return statement_.getColumn(column).getInt64(); }
  double Real(int column) const;  // NULL is NaN
  std::string Text(int column) const { return statement_.getColumn(column).getString(); }
  WallTime Time(int column) const { return {Int(column)}; }
  template <class E>
  E Enum(int column) const {
    return static_cast<E>(Int(column));
  }
  template <class I>
  I IdAt(int column) const {
    return I(Int(column));
  }

 private:
  SQLite::Statement& statement_;
  int bound_ = 0;
};

// BEGIN IMMEDIATE .. COMMIT; rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Db& db) : transaction_(db.raw(), SQLite::TransactionBehavior::IMMEDIATE) {}
  void Commit() { transaction_.commit(); }

 private:
  SQLite::Transaction transaction_;
};

// The status of an SQL error, "what: reason; next step": DataLoss for damage, FailedPrecondition
// for a full disk or a read-only one, Unavailable when another process holds the lock, else
// Internal.
Status SqlStatus(const SQLite::Exception& error, const std::string& what);

// Runs `f` (which returns Status or Result) and turns what SQLite throws into its status; anything
// else that is thrown comes from reading a column that does not hold what we wrote, which is
// damage.
template <class F>
auto Catching(const std::string& what, F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (const SQLite::Exception& error) {
    return SqlStatus(error, what);
  } catch (const std::exception& error) {
    return DataLoss(what + ": " + error.what() +
                    "; stop the coordinator and put the newest backup in its place");
  }
}

}  // namespace eida::store
