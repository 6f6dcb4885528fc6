// What a PEM certificate says of itself.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"

namespace eida::rpc {

// When the first certificate of the file ends to be valid. FailedPrecondition when it holds none.
Result<WallTime> CertificateEnd(const std::string& pem_file);

}  // namespace eida::rpc
