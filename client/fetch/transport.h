// One HTTP GET with its redirects. The only includer of libcurl beside url.cc.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "client/fetch/hooks.h"
#include "common/base/status.h"

namespace eida::fetch {

struct Get {
  std::string url;
  std::string token;     // sent as Authorization: Bearer to this origin, never beyond it
  std::string range;     // "bytes=100-"; "" = the whole
  std::string if_range;  // ETag or date that must still hold for the range
};

struct Reply {
  int status = 0;
  std::string url;                             // of the last hop
  std::map<std::string, std::string> headers;  // of the last hop, names in lower case
  std::string Header(const std::string& name) const;
};

// Where the body of a 2xx answer goes. An error ends the exchange and is its result.
struct Sink {
  std::function<Status(const Reply&)> begin;  // before the first byte; also for an empty body
  std::function<Status(const char* data, size_t size)> write;
};

// A connection that is kept between requests. Proxies come from the environment as curl reads it
// (https_proxy, no_proxy, ..). Not thread-safe.
class Transport {
 public:
  Transport(Hooks hooks, Patience patience);
  ~Transport();
  // Any status of HTTP is a Reply. Unavailable for what may pass (no connection, a body that is cut
  // short), FailedPrecondition for a certificate that is not trusted, a redirect that is refused or
  // more than ten of them; what `stop` or the sink said.
  Result<Reply> Run(const Get& get, const Sink& sink);
  const Hooks& hooks() const { return hooks_; }
  const Patience& patience() const { return patience_; }

 private:
  struct Impl;
  Result<Reply> Hop(const Get& get, const std::string& url, bool with_token, const Sink& sink);
  Hooks hooks_;
  Patience patience_;
  std::unique_ptr<Impl> impl_;
};

// What an answer that is no success means, with the next step. `what` is what was asked for, `page`
// where a person can look ("" = none). Unavailable for what may pass.
Status Refusal(const Reply& reply, const std::string& what, const std::string& page,
               bool with_token);
// Seconds of Retry-After; 0 when there is none or it is a date.
Millis RetryAfter(const Reply& reply);

}  // namespace eida::fetch
