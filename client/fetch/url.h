// Addresses: which may be asked, where a redirect leads, and whose a token is.
#pragma once

#include <string>

#include "common/base/status.h"

namespace eida::fetch {

// https to anywhere; plain http to this machine only. InvalidArgument for everything else, and for
// a user or password in the address, which would end up in messages.
Status CheckUrl(const std::string& url);
// "https://host:port" in lower case, with the scheme's own port where none is written. A token goes
// to the origin that it is for and to no other.
Result<std::string> Origin(const std::string& url);
// The address that `location` (absolute or relative) means as an answer of `from`.
// FailedPrecondition when it leaves https or is no address that CheckUrl allows.
Result<std::string> FollowRedirect(const std::string& from, const std::string& location);
// Percent-encoded for one segment of a path: a slash becomes %2F, as Hugging Face wants revisions.
std::string EscapeSegment(const std::string& text);
// The same for a whole path: slashes stay.
std::string EscapePath(const std::string& path);

}  // namespace eida::fetch
