#include "common/base/log_text.h"

#include "common/base/log.h"

namespace eida {

void InitTextLog(const std::string& component, const std::string& level) {
  InitLog(component, level);
}
void LogInfo(const std::string& text) { EIDA_INFO("{}", text); }
void LogWarning(const std::string& text) { EIDA_WARN("{}", text); }
void LogError(const std::string& text) { EIDA_ERROR("{}", text); }

}  // namespace eida
