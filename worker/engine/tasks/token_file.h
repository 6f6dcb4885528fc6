// An encoded split as bytes: a header, then arrays that are read where they lie (docs/formats.md
// section 6). The same bytes in memory and in a file of the token cache.
#pragma once

#include <memory>
#include <string>

#include "common/base/status.h"
#include "worker/engine/tasks/examples.h"

namespace eida::engine {

// Raise it when this form changes, and when the same rows, settings and files give other ids: files
// of another number are never looked at, since it is part of every key.
inline constexpr uint64_t kTokenFileVersion = 1;

// `key`: 64 characters that name the file (token_key.h).
std::string TokenFileImage(const EncodedRows& rows, const std::string& key);

// The examples of an image that was just made. REQUIRES: TokenFileImage made it.
Examples ViewTokenImage(std::shared_ptr<const std::string> image);

// The examples in `size` bytes of such an image, which they keep alive. DataLoss with the reason
// when the bytes are not, every one of them, what TokenFileImage made for `key`.
Result<Examples> ReadTokenFile(std::shared_ptr<const char> image, size_t size,
                               const std::string& key);

}  // namespace eida::engine
