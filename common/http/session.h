// One HTTP connection: reads requests, asks the Site, writes answers, closes on anything unusual.
#pragma once

#include <optional>

#include "boost/beast/ssl.hpp"
#include "common/base/asio.h"
#include "common/base/clock.h"
#include "common/http/site.h"

namespace eida::http {

struct SessionLimits {
  const Site& site;
  size_t max_header_bytes;
  Millis timeout;
  int open;  // connections now; all sessions run on one thread
};

// Owns itself until the connection ends. `tls` null = plain text; `tls` and `limits` outlive the
// io_context's run.
void StartSession(asio::ip::tcp::socket socket, asio::ssl::context* tls, SessionLimits& limits);

}  // namespace eida::http
