// A way to a coordinator: a running one (--server), or the project's embedded one, started for the
// life of the session.
#pragma once

#include "client/context.h"

namespace eida::client {

Result<std::unique_ptr<Session>> OpenSession(const Options& options, Need need, const Clock& clock);

}  // namespace eida::client
