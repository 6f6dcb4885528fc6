#include "common/http/server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "common/base/fs.h"
#include "gmock/gmock.h"

namespace eida::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Socket {
 public:
  explicit Socket(int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~Socket() { ::close(fd_); }
  void Send(const std::string& text) { (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  // Until the other side closes, or `enough` stands in what came.
  std::string Read(const std::string& enough = "\n\n\n") {
    std::string out;
    char buffer[4096];
    ssize_t n;
    while (out.find(enough) == std::string::npos && (n = ::recv(fd_, buffer, sizeof buffer, 0)) > 0)
      out.append(buffer, n);
    return out;
  }

 private:
  int fd_;
};

class ServerTest : public testing::Test {
 protected:
  static SiteOptions Options() {
    SiteOptions options;
    options.metrics = [] { return std::string("eida_up 1\n"); };
    options.health = [] { return Health{true, ""}; };
    options.status = [] { return std::vector<std::pair<std::string, std::string>>{}; };
    return options;
  }
  void Start(ServerOptions options = {}) {
    options.listen = {"127.0.0.1", 0};
    auto server = Server::Start(options, site_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server);
  }
  std::string Ask(const std::string& text) {
    Socket socket(server_->address().port);
    socket.Send(text);
    return socket.Read();
  }
  Site site_{Options()};
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, ItAnswersOverTheNetwork) {
  Start();
  const std::string answer =
      Ask("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("eida_up 1\n"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff"));
}

TEST_F(ServerTest, AConnectionCarriesSeveralRequests) {
  Start();
  Socket socket(server_->address().port);
  for (int i = 0; i < 3; ++i) {
    socket.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(socket.Read("ok\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
}

TEST_F(ServerTest, WhatIsTooLongOrNoRequestIsRefused) {
  Start();
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(Ask("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n" +
                  std::string(1000, 'x')),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(Ask("\x16\x03\x01 garbage\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 421"));
}

TEST_F(ServerTest, TheLimitOfTheHeaderIsTheOneGiven) {
  Start({.max_header_bytes = 1000});
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(2000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
}

TEST_F(ServerTest, ASilentConnectionIsClosed) {
  Start({.timeout = Millis(100)});
  Socket socket(server_->address().port);
  socket.Send("GET /met");
  EXPECT_EQ(socket.Read(), "");
}

TEST_F(ServerTest, TooManyConnectionsAreClosedAtOnce) {
  Start({.max_connections = 1});
  Socket first(server_->address().port);
  first.Send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(first.Read("ok\n"), HasSubstr("ok"));
  Socket second(server_->address().port);
  EXPECT_EQ(second.Read(), "");
}

TEST_F(ServerTest, ATakenPortIsNamedWithTheNextStep) {
  Start();
  ServerOptions options;
  options.listen = server_->address();
  const auto second = Server::Start(options, site_);
  ASSERT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(second.status()),
              testing::AllOf(HasSubstr(options.listen.ToString()), HasSubstr("--http")));
}

TEST_F(ServerTest, TlsIsSpokenWhenAsked) {
  TempDir dir;
  const std::string cert = dir.path() + "/cert.pem", key = dir.path() + "/key.pem";
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
      "/CN=localhost "
      "-keyout " +
      key + " -out " + cert + " 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  Start({.tls_cert = cert, .tls_key = key});
  const std::string out = dir.path() + "/out";
  const std::string ask =
      "printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' | "
      "timeout 10 openssl s_client -quiet -verify_return_error -CAfile " +
      cert + " -connect " + server_->address().ToString() + " > " + out + " 2>/dev/null; true";
  ASSERT_EQ(std::system(ask.c_str()), 0);
  EXPECT_THAT(*ReadFile(out), HasSubstr("200 OK"));
}

TEST_F(ServerTest, MissingTlsFilesAreNamed) {
  ServerOptions options;
  options.listen = {"127.0.0.1", 0};
  options.tls_cert = "/nowhere/cert.pem";
  const auto server = Server::Start(options, site_);
  ASSERT_FALSE(server.ok());
  EXPECT_THAT(Message(server.status()), HasSubstr("/nowhere/cert.pem"));
}

}  // namespace
}  // namespace eida::http
