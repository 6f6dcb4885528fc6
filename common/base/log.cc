#include "common/base/log.h"

#include "spdlog/sinks/stdout_color_sinks.h"

namespace eida {

void InitLog(const std::string& component, const std::string& level, LogFormat format) {
  auto logger = spdlog::stderr_color_mt(component);
  logger->set_level(spdlog::level::from_str(level));
  if (format == LogFormat::kJson) {
    logger->set_pattern(
        R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","component":"%n","msg":"%v"})",
        spdlog::pattern_time_type::utc);
  } else {
    logger->set_pattern("%H:%M:%S.%e %^%l%$ %n: %v");
  }
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace eida
