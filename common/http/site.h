// What the HTTP side answers, without a network: GET /, /healthz and /metrics; everything else is
// refused.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace eida::http {

struct Request {
  std::string method;         // "GET"
  std::string target;         // path with query, as sent
  std::string host;           // Host header, "" = none
  std::string authorization;  // header, "" = none
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // besides Content-Type
};

struct Health {
  bool serving = false;
  std::string reason;  // why not
};

struct SiteOptions {
  std::string title;  // of the page at /: "Eida coordinator"
  // Thread-safe, called on the server's thread; must answer within milliseconds.
  std::function<std::string()> metrics;  // Prometheus' text format
  std::function<Health()> health;
  std::function<std::vector<std::pair<std::string, std::string>>()>
      status;         // rows of the page at /
  std::string token;  // of /metrics and /; "" = open (a listener on loopback)
  std::vector<std::string>
      hosts;  // names in the Host header that are ours, without port; loopback's are added
  std::function<void(const char* reason)>
      refused;  // counts: "missing" or "wrong" token; may be empty
};

// Pages are the same whoever asks: nothing in a request names a file. Thread-safe.
class Site {
 public:
  explicit Site(SiteOptions options);
  Response Handle(const Request& request) const;

 private:
  bool KnownHost(const std::string& host) const;
  Response Checked(const Request& request) const;
  SiteOptions options_;
};

}  // namespace eida::http
