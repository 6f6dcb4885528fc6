// The bearer token: 256 random bits as 64 hex digits in a file of mode 0600. Its text never stands
// in a log or a message.
#pragma once

#include <string>

#include "common/base/status.h"

namespace eida::rpc {

// Random text of 64 hex digits.
std::string GenerateToken();
// The token in the file. FailedPrecondition when others could read the file or it holds no token.
Result<std::string> ReadToken(const std::string& path);
// Reads it, or makes a new one when there is no such file (its directory exists).
Result<std::string> LoadOrCreateToken(const std::string& path);
// Takes the same time whatever the texts are, once their lengths are equal.
bool TokensEqual(const std::string& a, const std::string& b);
// The token in the value of an `authorization` header ("Bearer <token>"); "" when it is something
// else.
std::string BearerToken(const std::string& header);

}  // namespace eida::rpc
