// Members of a zip or tar archive, as text. The only includer of libarchive.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/fetch/hooks.h"

namespace eida::fetch {

// Reads the members whose path is one of `wanted` or ends in "/" + one of them, in one pass; wanted
// name -> content. Nothing is written, so nothing can land outside of a directory; an archive that
// holds a path which would (absolute, `..`) is refused whole all the same, for it is not what it
// should be. DataLoss for such an archive, for one that is damaged, for a wanted member that is a
// link or that is there twice; NotFound naming what is there instead when one is missing.
Result<std::map<std::string, std::string>> ReadMembers(const std::string& archive,
                                                       const std::vector<std::string>& wanted,
                                                       const Hooks& hooks);

}  // namespace eida::fetch
