// Regular expressions of Python, as PEFT's configurations hold them, on module paths.
#pragma once

#include <memory>
#include <string>

#include "common/base/status.h"

namespace eida::catalog {

class ModulePattern {
 public:
  // InvalidArgument naming the part that means something else here than in Python's re, or that is
  // not known here: groups other than (?: (?= and (?!, escapes of letters other than d D w W s S b
  // B, back references, possessive quantifiers, sets that begin with ] or hold [.
  static Result<ModulePattern> Make(const std::string& pattern);
  // re.fullmatch(pattern, path); never exponential in time.
  bool Matches(const std::string& path) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace eida::catalog
