// Can the runner be started at all?
#pragma once

#include <string>

#include "common/base/status.h"

namespace eida::agent {

// Starts `runner --version` and waits (at most 60 s). NotFound when there is none,
// FailedPrecondition with what it wrote when it cannot be loaded, was killed or hangs. REQUIRES:
// called on a thread that lives on while it waits.
Status CheckRunner(const std::string& runner);

}  // namespace eida::agent
