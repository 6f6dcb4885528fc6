// A web server on loopback that answers as a test says: whole, in parts, cut short, or badly.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace eida::fetch {

struct WebRequest {
  std::string path;                            // with its query
  std::map<std::string, std::string> headers;  // names in lower case
  std::string Header(const std::string& name) const;
};

struct WebAnswer {
  int status = 200;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  int64_t cut = -1;     // bytes of the body that are sent before the connection is closed
  int64_t length = -1;  // Content-Length, when it is not the body's
};

// One request a connection, one connection at a time.
class Web {
 public:
  using Handler = std::function<WebAnswer(const WebRequest&)>;
  explicit Web(Handler handler);
  ~Web();
  std::string url(const std::string& path = "") const;
  // What was asked for so far.
  std::vector<WebRequest> seen() const;

 private:
  void Serve();
  void Answer(int connection);
  Handler handler_;
  int listener_ = -1, port_ = 0;
  mutable std::mutex mutex_;
  std::vector<WebRequest> seen_;
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

// `content` under an ETag, with ranges as RFC 9110 wants them: If-Range that does not fit gives the
// whole, a range past the end gives 416.
WebAnswer ServeContent(const WebRequest& request, const std::string& content,
                       const std::string& etag);

// `size` bytes that depend on their place.
std::string Bytes(size_t size, int seed = 1);

}  // namespace eida::fetch
