// A small HTTP server (Boost.Beast) on a thread of its own, in front of a Site.
#pragma once

#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/http/site.h"
#include "common/rpc/address.h"

namespace eida::http {

struct ServerOptions {
  rpc::Address listen;   // port 0 = any free one
  std::string tls_cert;  // PEM files; "" = plain text
  std::string tls_key;
  size_t max_connections = 64;  // further ones are closed at once
  size_t max_header_bytes = 8 << 10;
  Millis timeout{10'000};  // for one request and for an idle connection
};

// Serves from Start to destruction, which ends open connections.
class Server {
 public:
  // FailedPrecondition naming the address and the next step when it cannot listen there. `site`
  // outlives the server.
  static Result<std::unique_ptr<Server>> Start(const ServerOptions& options, const Site& site);
  ~Server();
  rpc::Address address() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace eida::http
