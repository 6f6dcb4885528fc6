#include "server/app/options.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/fs.h"

namespace eida::app {

Status CheckOptions(const ServeOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return InvalidArgument("TLS needs both --tls-cert and --tls-key");
  }
  for (const std::string& file : {options.tls_cert, options.tls_key}) {
    if (!file.empty() && !FileExists(file)) return NotFound("TLS file " + file + ": there is none");
  }
  const bool remote = !options.listen.IsLoopback() || (options.http && !options.http->IsLoopback());
  const std::string where = !options.listen.IsLoopback() ? "--listen " + options.listen.ToString()
                            : remote                     ? "--http " + options.http->ToString()
                                                         : std::string();
  if (remote && options.insecure) {
    return InvalidArgument(where +
                           " with --insecure: without a token the coordinator serves loopback "
                           "only; leave --insecure out");
  }
  if (remote && options.tls_cert.empty()) {
    return InvalidArgument(where +
                           ": beyond loopback the token must travel encrypted; give --tls-cert and "
                           "--tls-key, or listen on "
                           "127.0.0.1 and reach it through an SSH tunnel");
  }
  if (options.lease_ttl < Millis(1000)) {
    return InvalidArgument("--lease-ttl: " + FormatDuration(options.lease_ttl) +
                           " is too short, at least 1s is needed");
  }
  return OkStatus();
}

Status CheckFree(const rpc::Address& address, const char* flag) {
  if (address.port == 0) return OkStatus();
  const auto refused = [&](const std::string& why) {
    return FailedPrecondition(
        std::string(flag) + " " + address.ToString() + ": " + why +
        "; stop what listens there, or choose another address (port 0 takes any free one)");
  };
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) return refused(::gai_strerror(error));
  const int fd = ::socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
  const int on = 1;
  if (fd >= 0) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool bound =
      fd >= 0 && ::bind(fd, found->ai_addr, found->ai_addrlen) == 0 && ::listen(fd, 1) == 0;
  const int code = errno;
  ::freeaddrinfo(found);
  if (fd >= 0) ::close(fd);
  return bound ? OkStatus() : refused(std::strerror(code));
}

}  // namespace eida::app
