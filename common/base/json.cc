#include "common/base/json.h"

#include "common/base/fs.h"

namespace eida {

Result<Json> ParseJson(const std::string& text, const std::string& what) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return InvalidArgument(what + ": not valid JSON at byte " + std::to_string(error.byte) + ": " +
                           error.what());
  }
}

Result<Json> ReadJsonFile(const std::string& path) {
  EIDA_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  return ParseJson(text, path);
}

std::string Canonical(const Json& value) { return value.dump(); }
std::string Pretty(const Json& value) { return value.dump(2) + "\n"; }

}  // namespace eida
