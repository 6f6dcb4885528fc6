#include "server/store/schema.h"

#include <cstdio>

namespace eida::store {
namespace {

constexpr int64_t kApplicationId = 0x45494441;  // "EIDA", in the header of the file

int64_t Pragma(Db& db, const char* sql) {
  Query query(db, sql);
  return query.Next() ? query.Int(0) : 0;
}

Status RequireOurs(Db& db) {
  const int64_t id = Pragma(db, "PRAGMA application_id");
  if (id == kApplicationId) return OkStatus();
  if (id == 0 && Pragma(db, "SELECT count(*) FROM sqlite_schema") == 0) return OkStatus();
  return FailedPrecondition(
      db.path() + " is an SQLite database of another program; choose another data directory");
}

Status NewerThanWe(const Db& db, int64_t version, int64_t known) {
  return FailedPrecondition(db.path() + " has schema " + std::to_string(version) +
                            ", this program knows " + std::to_string(known) +
                            " at most; start the newer version that wrote it, or restore a backup");
}

}  // namespace

Result<int> SchemaVersion(Db& db) {
  return Catching("read the schema version of " + db.path(), [&]() -> Result<int> {
    return static_cast<int>(Pragma(db, "PRAGMA user_version"));
  });
}

Status Migrate(Db& db, const std::vector<Migration>& migrations) {
  for (size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].number != static_cast<int>(i) + 1) {
      return Internal("migration " + migrations[i].name + " has number " +
                      std::to_string(migrations[i].number) + ", expected " + std::to_string(i + 1));
    }
  }
  EIDA_RETURN_IF_ERROR(Catching("open " + db.path(), [&] { return RequireOurs(db); }));
  EIDA_ASSIGN_OR_RETURN(const int version, SchemaVersion(db));
  const int known = static_cast<int>(migrations.size());
  if (version > known) return NewerThanWe(db, version, known);
  for (int next = version; next < known; ++next) {
    const Migration& migration = migrations[next];
    EIDA_RETURN_IF_ERROR(
        Catching("migrate " + db.path() + " to " + migration.name, [&]() -> Status {
          Transaction transaction(db);
          db.Execute(migration.sql);
          db.Execute("PRAGMA user_version = " + std::to_string(migration.number) +
                     "; PRAGMA application_id = " + std::to_string(kApplicationId));
          transaction.Commit();
          return OkStatus();
        }));
  }
  return OkStatus();
}

Status RequireCurrentSchema(Db& db) {
  EIDA_RETURN_IF_ERROR(Catching("open " + db.path(), [&] { return RequireOurs(db); }));
  EIDA_ASSIGN_OR_RETURN(const int version, SchemaVersion(db));
  const int known = static_cast<int>(Migrations().size());
  if (version > known) return NewerThanWe(db, version, known);
  if (version == known) return OkStatus();
  return FailedPrecondition(db.path() + " has schema " + std::to_string(version) +
                            ", this program reads " + std::to_string(known) +
                            "; start the coordinator on it once, which migrates it");
}

Status CheckTables(Db& db) {
  const std::string what = "check " + db.path();
  return Catching(what, [&]() -> Status {
    std::vector<std::string> tables;
    for (Query query(db,
                     "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'blobs' "
                     "ORDER BY name");
         query.Next();) {
      tables.push_back(query.Text(0));
    }
    for (const std::string& table : tables) {
      const std::string damaged = db.path() + " is damaged in table " + table;
      const std::string next_step = "; stop the coordinator and put the newest backup in its place";
      try {
        const std::string sql = "PRAGMA quick_check('" + table + "')";
        Query query(db, sql.c_str());
        if (query.Next() && query.Text(0) != "ok")
          return DataLoss(damaged + ": " + query.Text(0) + next_step);
      } catch (const SQLite::Exception& error) {
        if (error.getErrorCode() != SQLITE_CORRUPT) throw;
        return DataLoss(damaged + ": " + error.what() + next_step);
      }
    }
    return OkStatus();
  });
}

}  // namespace eida::store
