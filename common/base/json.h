// JSON values (nlohmann) and the canonical text that fingerprints are made of.
#pragma once

#include <string>

#include "common/base/status.h"
#include "nlohmann/json.hpp"

namespace eida {

// Object keys are sorted (std::map), which Canonical relies on.
using Json = nlohmann::json;

// Errors carry byte position and `what` (a file or the thing that was parsed).
Result<Json> ParseJson(const std::string& text, const std::string& what);
Result<Json> ReadJsonFile(const std::string& path);

// One text per value: sorted keys, no spaces, shortest round-trip numbers, NaN and infinities
// refused by assertion.
std::string Canonical(const Json& value);
// Indented by two, for files that people read; a newline at the end.
std::string Pretty(const Json& value);

// The member `key` as T, or `fallback` when it is absent or null or of another type.
template <class T>
T GetOr(const Json& object, const char* key, T fallback) {
  const auto it = object.find(key);
  if (it == object.end() || it->is_null()) return fallback;
  try {
    return it->template get<T>();
  } catch (const Json::exception&) {
    return fallback;
  }
}

// The member `key` as T; InvalidArgument naming `what` and the key when it is absent or of another
// type.
template <class T>
Result<T> Require(const Json& object, const char* key, const std::string& what) {
  const auto it = object.find(key);
  if (it == object.end()) return InvalidArgument(what + ": missing \"" + key + "\"");
  try {
    return it->template get<T>();
  } catch (const Json::exception&) {
    return InvalidArgument(what + ": \"" + key + "\" has the wrong type (" + it->type_name() + ")");
  }
}

}  // namespace eida
