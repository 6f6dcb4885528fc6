// Who this worker is: an id that lasts as long as its cache, a session that lasts as long as its
// process.
#pragma once

#include <string>

#include "common/base/ids.h"
#include "common/base/status.h"

namespace eida::agent {

std::string HostName();
// 16 hex digits from the kernel.
std::string RandomHex();
// `name` when given; else what DIR/worker-id says, which the first call writes ("host-1a2b3c4d").
// InvalidArgument when the name is not 1 to 64 of [A-Za-z0-9._-].
Result<WorkerId> StableId(const std::string& dir, const std::string& name);

}  // namespace eida::agent
