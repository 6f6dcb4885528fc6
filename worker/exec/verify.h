// Is a file that a runner hands over what it claims to be? Shape only; the numbers are the engine's
// business.
#pragma once

#include <string>

#include "common/base/status.h"

namespace eida::exec {

// Kinds adapter, model, checkpoint, eval, gram and losses must be whole safetensors files (header
// readable, tensors cover exactly the rest of the file); curve, matrix and soup must be JSON
// objects; any other kind must be a regular file. NotFound when it does not exist, DataLoss when it
// is not whole; the message names the path.
Status VerifyArtifact(const std::string& kind, const std::string& path);

}  // namespace eida::exec
