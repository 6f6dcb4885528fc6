#include "common/rpc/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

namespace eida::rpc {
namespace {

bool IsIpv4(const std::string& host, in_addr* out) {
  return inet_pton(AF_INET, host.c_str(), out) == 1;
}

Status Bad(const std::string& text, const std::string& why) {
  return InvalidArgument("address \"" + text + "\": " + why +
                         "; write host:port, for example 127.0.0.1:7070 or [::1]:7070");
}

}  // namespace

std::string Address::ToString() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Address::IsLoopback() const {
  in_addr v4;
  if (IsIpv4(host, &v4)) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

Result<Address> ParseAddress(const std::string& text) {
  Address out;
  std::string port;
  if (!text.empty() && text[0] == '[') {
    const size_t end = text.find(']');
    if (end == std::string::npos) return Bad(text, "\"]\" is missing");
    out.host = text.substr(1, end - 1);
    if (end + 1 < text.size()) {
      if (text[end + 1] != ':') return Bad(text, "after \"]\" only :port may follow");
      port = text.substr(end + 2);
      if (port.empty()) return Bad(text, "the port is missing");
    }
    in6_addr v6;
    if (inet_pton(AF_INET6, out.host.c_str(), &v6) != 1)
      return Bad(text, "no IPv6 address in the brackets");
  } else {
    const size_t colon = text.find(':');
    if (colon != text.rfind(':')) return Bad(text, "an IPv6 address must stand in brackets");
    out.host = text.substr(0, colon);
    if (colon != std::string::npos) {
      port = text.substr(colon + 1);
      if (port.empty()) return Bad(text, "the port is missing");
    }
    const auto good = [](unsigned char c) {
      return std::isalnum(c) || c == '.' || c == '-' || c == '_';
    };
    if (out.host.empty()) return Bad(text, "the host is missing");
    if (!std::all_of(out.host.begin(), out.host.end(), good))
      return Bad(text, "the host has a character that no host name has");
  }
  if (port.empty()) {
    out.port = kDefaultPort;
    return out;
  }
  const bool digits =
      std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c); });
  if (!digits || port.size() > 5 || std::stoi(port) > 65535)
    return Bad(text, "\"" + port + "\" is no port (0 to 65535)");
  out.port = std::stoi(port);
  return out;
}

}  // namespace eida::rpc
