#include "tests/unit/fetch/web.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "common/base/text.h"

namespace eida::fetch {

std::string WebRequest::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

Web::Web(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 16) != 0)
    std::abort();
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

Web::~Web() {
  ends_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string Web::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + path;
}

std::vector<WebRequest> Web::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

void Web::Serve() {
  while (!ends_) {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) continue;
    Answer(connection);
    ::close(connection);
  }
}

void Web::Answer(int connection) {
  std::string text;
  char buffer[4096];
  for (ssize_t n; text.find("\r\n\r\n") == std::string::npos &&
                  (n = ::recv(connection, buffer, sizeof buffer, 0)) > 0;)
    text.append(buffer, static_cast<size_t>(n));
  WebRequest request;
  std::istringstream in(text);
  std::string line, method;
  in >> method >> request.path;
  std::getline(in, line);
  while (std::getline(in, line) && line != "\r") {
    const size_t colon = line.find(':');
    std::string name = line.substr(0, colon);
    std::ranges::transform(name, name.begin(), ::tolower);
    request.headers[name] = std::string(Trim(line.substr(colon + 1)));
  }
  {
    const std::lock_guard lock(mutex_);
    seen_.push_back(request);
  }
  const WebAnswer answer = handler_(request);
  const int64_t size = static_cast<int64_t>(answer.body.size());
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " As Told\r\n";
  for (const auto& [name, value] : answer.headers) out += name + ": " + value + "\r\n";
  out += "Content-Length: " + std::to_string(answer.length >= 0 ? answer.length : size) +
         "\r\nConnection: close\r\n\r\n";
  out += answer.body.substr(0, static_cast<size_t>(answer.cut >= 0 ? answer.cut : size));
  for (size_t sent = 0; sent < out.size();) {
    const ssize_t n = ::send(connection, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<size_t>(n);
  }
  ::shutdown(connection, SHUT_WR);
  while (::recv(connection, buffer, sizeof buffer, 0) > 0) {
  }
}

WebAnswer ServeContent(const WebRequest& request, const std::string& content,
                       const std::string& etag) {
  WebAnswer answer{200, content, {{"ETag", etag}, {"Accept-Ranges", "bytes"}}};
  const std::string range = request.Header("range"), condition = request.Header("if-range");
  if (range.rfind("bytes=", 0) != 0 || (!condition.empty() && condition != etag)) return answer;
  const size_t first = std::stoul(range.substr(6));
  const std::string all = std::to_string(content.size());
  if (first >= content.size()) return {416, "", {{"Content-Range", "bytes */" + all}}};
  answer.status = 206;
  answer.body = content.substr(first);
  answer.headers.push_back({"Content-Range", "bytes " + std::to_string(first) + "-" +
                                                 std::to_string(content.size() - 1) + "/" + all});
  return answer;
}

std::string Bytes(size_t size, int seed) {
  std::string bytes(size, '\0');
  uint32_t state = static_cast<uint32_t>(seed) * 2654435761u + 1;
  for (char& c : bytes) c = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  return bytes;
}

}  // namespace eida::fetch
