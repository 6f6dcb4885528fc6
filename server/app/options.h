// What `eida-coordinator serve` was asked for.
#pragma once

#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/rpc/address.h"

namespace eida::app {

struct ServeOptions {
  std::string data;  // directory with the whole state
  rpc::Address listen{"127.0.0.1", rpc::kDefaultPort};
  std::optional<rpc::Address> http;  // absent = no HTTP
  std::string token_file;            // "" = DATA/token
  std::string tls_cert, tls_key;     // PEM files; "" = plain text
  Millis lease_ttl{15'000};
  bool metrics_per_sweep = false;
  bool insecure = false;  // no token is asked for; loopback only
  bool announce = true;   // tell this user's other programs where the token is (loopback only)
};

// What can be refused before anything is touched: InvalidArgument or FailedPrecondition with the
// next step.
Status CheckOptions(const ServeOptions& options);

// Can somebody listen there? FailedPrecondition naming `flag`, the address, the reason and the next
// step. Port 0 always can.
Status CheckFree(const rpc::Address& address, const char* flag);

}  // namespace eida::app
