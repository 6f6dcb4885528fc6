// What the rows of a sweep's data look like, for tables of examples.
#pragma once

#include "client/api.h"
#include "client/report/study.h"
#include "common/base/json.h"

namespace eida::client {

// Fills study.rows with the first rows of the data file of the split that choices are made on, else
// of the first split that has a file of its own. It is read out of the coordinator's store, whole;
// none where the resolved sweep does not say what its files held, or the file is not there any
// more.
void AddRows(Api& api, const Json& resolved, report::Study& study);

}  // namespace eida::client
