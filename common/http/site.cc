#include "common/http/site.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/rpc/address.h"
#include "common/rpc/token.h"

namespace eida::http {
namespace {

Response Plain(int status, const std::string& text) {
  return {status, "text/plain; charset=utf-8", text + "\n", {}};
}

std::string Page(const std::string& title,
                 const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string out = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" +
                    HtmlEscape(title) + "</title></head><body>\n<h1>" + HtmlEscape(title) +
                    "</h1>\n<table>\n";
  for (const auto& [name, value] : rows) {
    out += "<tr><th align=\"left\">" + HtmlEscape(name) + "</th><td>" + HtmlEscape(value) +
           "</td></tr>\n";
  }
  return out +
         "</table>\n<p><a href=\"/healthz\">healthz</a> <a "
         "href=\"/metrics\">metrics</a></p>\n</body></html>\n";
}

// Only names can be rebound to another address by whoever owns them; a number in the Host header is
// what was dialled.
bool IsIpLiteral(const std::string& host) {
  return host.find(':') != std::string::npos ||
         (!host.empty() && host.find_first_not_of("0123456789.") == std::string::npos);
}

}  // namespace

Site::Site(SiteOptions options) : options_(std::move(options)) {}

bool Site::KnownHost(const std::string& host) const {
  const Result<rpc::Address> address = rpc::ParseAddress(host);
  if (!address.ok()) return false;
  if (IsIpLiteral(address->host) || address->host == "localhost") return true;
  return std::find(options_.hosts.begin(), options_.hosts.end(), address->host) !=
         options_.hosts.end();
}

Response Site::Checked(const Request& request) const {
  if (!KnownHost(request.host)) return Plain(421, "the Host header does not name this server");
  if (request.method != "GET") {
    Response response = Plain(405, "only GET is answered here");
    response.headers.emplace_back("Allow", "GET");
    return response;
  }
  if (request.target == "/healthz") {
    const Health health = options_.health();
    return health.serving ? Plain(200, "ok") : Plain(503, health.reason);
  }
  if (request.target != "/" && request.target != "/metrics")
    return Plain(404, "there is only /, /healthz and /metrics");
  if (!options_.token.empty()) {
    const std::string token = rpc::BearerToken(request.authorization);
    if (!rpc::TokensEqual(token, options_.token)) {
      if (options_.refused) options_.refused(token.empty() ? "missing" : "wrong");
      Response response = Plain(401, "send the coordinator's token: Authorization: Bearer <token>");
      response.headers.emplace_back("WWW-Authenticate", "Bearer");
      return response;
    }
  }
  if (request.target == "/metrics")
    return {200, "text/plain; version=0.0.4; charset=utf-8", options_.metrics(), {}};
  return {200, "text/html; charset=utf-8", Page(options_.title, options_.status()), {}};
}

Response Site::Handle(const Request& request) const {
  Response response = Checked(request);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("X-Frame-Options", "DENY");
  response.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; frame-ancestors 'none'");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace eida::http
