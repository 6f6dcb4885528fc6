// The schema: numbered migrations, and whether a file is a database of ours at all.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"
#include "server/store/db.h"

namespace eida::store {

struct Migration {
  int number = 0;  // 1, 2, 3, .. without gaps
  std::string name;
  std::string sql;
};

// Those of server/store/migrations, embedded at build time, in order. A released one is never
// changed.
const std::vector<Migration>& Migrations();

// PRAGMA user_version: the number of the newest migration that was applied; 0 for a new file.
Result<int> SchemaVersion(Db& db);

// Applies what is missing, each migration in a transaction of its own. FailedPrecondition, changing
// nothing, when the file belongs to another program or to a newer version of this one.
Status Migrate(Db& db, const std::vector<Migration>& migrations = Migrations());

// For readers, which never migrate: FailedPrecondition unless the file has exactly the schema of
// this program.
Status RequireCurrentSchema(Db& db);

// Looks for damage in every table but `blobs` (their content is verified whenever it is read).
// DataLoss naming the table and what SQLite found.
Status CheckTables(Db& db);

}  // namespace eida::store
