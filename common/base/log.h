// The program log, on stderr: spdlog behind four macros. Libraries log rarely; users of the CLI
// never see it unless -v.
#pragma once

#include <string>

#include "spdlog/spdlog.h"

namespace eida {

enum class LogFormat { kText, kJson };

// Once, at the start of main. `level`: debug, info, warn, error, off. `component` names the program
// in each line.
void InitLog(const std::string& component, const std::string& level,
             LogFormat format = LogFormat::kText);

}  // namespace eida

#define EIDA_DEBUG(...) ::spdlog::debug(__VA_ARGS__)
#define EIDA_INFO(...) ::spdlog::info(__VA_ARGS__)
#define EIDA_WARN(...) ::spdlog::warn(__VA_ARGS__)
#define EIDA_ERROR(...) ::spdlog::error(__VA_ARGS__)
