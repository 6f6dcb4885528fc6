// "host:port" texts. IPv6 hosts stand in brackets: [::1]:7070.
#pragma once

#include <string>

#include "common/base/status.h"

namespace eida::rpc {

constexpr int kDefaultPort = 7070;

struct Address {
  std::string host;  // without brackets
  int port = 0;
  // host:port, with brackets where they are needed.
  std::string ToString() const;
  // Only this machine can reach it: 127.0.0.0/8, ::1, localhost. Names are not looked up.
  bool IsLoopback() const;
};

// A missing port is kDefaultPort. InvalidArgument names the text and what it should look like.
Result<Address> ParseAddress(const std::string& text);

}  // namespace eida::rpc
