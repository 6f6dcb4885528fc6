// `eida-coordinator backup`: a copy of a data directory, taken while a coordinator may be serving
// it.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/status.h"

namespace eida::app {

struct BackupResult {
  int64_t blobs = 0;  // files copied, besides the database
  int64_t bytes = 0;  // of database and files
};

// Makes the directory `to`, which must not exist, with everything that `serve --data TO` needs but
// the token (a new one is made at its first start). All or nothing; every file is verified against
// its digest while it is copied.
Result<BackupResult> Backup(const std::string& data, const std::string& to);

}  // namespace eida::app
