// The program log without spdlog's headers: for the torch rooms, since libtorch's headers bring an
// fmt of their own.
#pragma once

#include <string>

namespace eida {

// As InitLog of common/base/log.h, text format.
void InitTextLog(const std::string& component, const std::string& level);
void LogInfo(const std::string& text);
void LogWarning(const std::string& text);
void LogError(const std::string& text);

}  // namespace eida
