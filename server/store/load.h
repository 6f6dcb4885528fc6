// Whole records out of several tables, for Store::Load and for Reader.
#pragma once

#include <string>
#include <vector>

#include "common/domain/change.h"
#include "server/store/db.h"
#include "server/store/texts.h"

namespace eida::store {

// `where` is SQL over the jobs as j with one `?`, bound to `argument`; "" = all jobs.
struct JobSelection {
  std::string where;
  std::string argument;
  bool with_spec = true;  // spec and inputs
  bool with_parents = true;
  bool with_artifacts = true;
};

// By id. Throws SQLite::Exception; inside a transaction all parts are of one moment.
std::vector<JobRecord> LoadJobs(Db& db, TextCache& texts, const JobSelection& selection);

Snapshot LoadSnapshot(Db& db);

}  // namespace eida::store
