// Who may call what. Denied unless the table names the method and the caller's token has the role.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "common/base/status.h"

namespace eida::service {

enum class Role : uint8_t { kViewer = 1, kUser, kWorker, kAdmin };

// The role that "SweepService/Submit" asks for; nothing when the table does not have the method.
std::optional<Role> RoleFor(const std::string& method);

// Thread-safe.
class Guard {
 public:
  // "" = no token is asked for (--insecure, loopback only). `refused` counts: "missing", "wrong" or
  // "forbidden".
  Guard(std::string token, std::function<void(const char* reason)> refused);
  // `authorization` = the header of the call, "" = none. Unauthenticated says how to send a token,
  // never what was sent.
  Status Check(const std::string& method, const std::string& authorization) const;

 private:
  std::string token_;  // grants every role
  std::function<void(const char*)> refused_;
};

}  // namespace eida::service
