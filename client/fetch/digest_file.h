// SHA-256 of a large file, told as it goes on and stopped when asked.
#pragma once

#include <string>

#include "client/fetch/hooks.h"

namespace eida::fetch {

// 64 hex digits. `name` is what hooks.progress is told.
Result<std::string> HashFile(const std::string& path, const std::string& name, const Hooks& hooks);

}  // namespace eida::fetch
