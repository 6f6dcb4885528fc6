#include "server/store/db.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <limits>

#include "common/base/fs.h"
#include "server/store/store.h"

namespace eida::store {
namespace {

// How long a statement waits for another process's lock: 1, 2, 4 .. 64 ms, then 100 ms at a time,
// 10 s in all.
constexpr int kLongestNapMs = 100;
constexpr int kMostNaps = 106;

std::atomic<int64_t> busy_waits{0};

int OnBusy(void*, int naps) {
  if (naps == 0) ++busy_waits;
  if (naps >= kMostNaps) return 0;
  sqlite3_sleep(naps < 7 ? 1 << naps : kLongestNapMs);
  return 1;
}

// SQLite would make it with the umask's mode; its -wal and -shm files inherit this one.
Status MakePrivateFile(const std::string& path) {
  const int fd = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return ErrnoStatus(errno, "open " + path);
  close(fd);
  return OkStatus();
}

}  // namespace

int64_t BusyWaits() { return busy_waits; }

Db::Db(const std::string& path, int flags) : path_(path), raw_(path, flags) {
  sqlite3_busy_handler(raw_.getHandle(), OnBusy, nullptr);
}

Result<std::unique_ptr<Db>> Db::Open(const std::string& path, Mode mode) {
  if (mode == Mode::kReadWrite) {
    EIDA_RETURN_IF_ERROR(MakePrivateFile(path));
  } else if (!FileExists(path)) {
    return NotFound(path + " does not exist; start the coordinator with this data directory first");
  }
  return Catching("open " + path, [&]() -> Result<std::unique_ptr<Db>> {
    const int flags = (mode == Mode::kReadWrite ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                      SQLITE_OPEN_NOMUTEX;
    std::unique_ptr<Db> db(new Db(path, flags));
    if (mode == Mode::kReadWrite) {
      db->Execute(
          "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"
          "PRAGMA journal_size_limit = 67108864");
    } else {
      db->Execute("PRAGMA query_only = ON");
    }
    db->Execute("PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY");
    return db;
  });
}

void Db::Execute(const std::string& sql) { raw_.exec(sql); }

SQLite::Statement& Db::Prepared(const char* sql) {
  std::unique_ptr<SQLite::Statement>& statement = statements_[sql];
  if (statement == nullptr) {
    try {
      statement = std::make_unique<SQLite::Statement>(raw_, sql);
    } catch (...) {
      statements_.erase(sql);
      throw;
    }
  }
  return *statement;
}

Query::~Query() {
  statement_.tryReset();
  try {
    statement_.clearBindings();
  } catch (const SQLite::Exception&) {  // cannot fail for a prepared statement
  }
}

void Query::BindBlob(std::string_view bytes) {
  statement_.bindNoCopy(++bound_, bytes.data(), static_cast<int>(bytes.size()));
}

double Query::Real(int column) const {
  return IsNull(column) ? std::numeric_limits<double>::quiet_NaN()
                        : statement_.getColumn(column).getDouble();
}

Status SqlStatus(const SQLite::Exception& error, const std::string& what) {
  const std::string text = what + ": " + error.what();
  switch (error.getErrorCode()) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return DataLoss(text + "; stop the coordinator and put the newest backup in its place");
    case SQLITE_FULL:
      return FailedPrecondition(text + "; free space on the disk of the data directory");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return FailedPrecondition(text + "; check owner and mode of the data directory");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Unavailable(text + "; another process writes to this database, stop it");
    default:
      return Internal(text);
  }
}

}  // namespace eida::store
