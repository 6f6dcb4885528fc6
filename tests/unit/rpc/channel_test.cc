#include "common/rpc/channel.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "common/base/fs.h"
#include "common/rpc/status_map.h"
#include "eida/v1/sweep.grpc.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/server_builder.h"

namespace eida::rpc {
namespace {

// Answers with the authorization header that it saw.
class EchoService : public v1::SweepService::Service {
  grpc::Status Status(grpc::ServerContext* context, const v1::StatusRequest*,
                      v1::StatusReply* reply) override {
    const auto it = context->client_metadata().find("authorization");
    if (it != context->client_metadata().end())
      reply->set_version(std::string(it->second.data(), it->second.size()));
    return grpc::Status::OK;
  }
};

struct Server {
  Server() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
  }
  int port = 0;
  EchoService service;
  std::unique_ptr<grpc::Server> server;
};

// Stands in front of a server and lets its first connection through after a pause.
class SlowDoor {
 public:
  SlowDoor(int server_port, Millis pause) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = At(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    thread_ = std::thread([this, server_port, pause] { Pass(server_port, pause); });
  }
  ~SlowDoor() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  int port = 0;

 private:
  static sockaddr_in At(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return address;
  }
  void Pass(int server_port, Millis pause) {
    const int in = accept(listener_, nullptr, nullptr);
    if (in < 0) return;
    std::this_thread::sleep_for(pause);
    const int out = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = At(server_port);
    EXPECT_EQ(connect(out, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    pollfd ends[2] = {{in, POLLIN, 0}, {out, POLLIN, 0}};
    char bytes[4096];
    for (bool open = true; open && poll(ends, 2, 10'000) > 0;) {
      for (int i = 0; i < 2; ++i) {
        if (ends[i].revents == 0) continue;
        const ssize_t n = read(ends[i].fd, bytes, sizeof bytes);
        open = n > 0 && send(ends[1 - i].fd, bytes, static_cast<size_t>(n), MSG_NOSIGNAL) == n;
        if (!open) break;
      }
    }
    close(in);
    close(out);
  }
  int listener_ = -1;
  std::thread thread_;
};

TEST(ConnectionTest, AServerThatTakesItsTimeToAnswerTheDoorIsWaitedFor) {
  Server server;
  SlowDoor door(server.port, Millis(600));
  v1::StatusReply reply;
  {
    const auto connection =
        Connection::Open({"127.0.0.1:" + std::to_string(door.port), "secret", ""});
    grpc::ClientContext context;
    connection->Prepare(context);
    const auto status =
        v1::SweepService::NewStub(connection->channel())->Status(&context, {}, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_EQ(reply.version(), "Bearer secret");
}

TEST(ConnectionTest, TheTokenTravelsWithEveryCall) {
  Server server;
  const auto connection =
      Connection::Open({"127.0.0.1:" + std::to_string(server.port), "secret", ""});
  ASSERT_TRUE(connection.ok()) << connection.status();
  grpc::ClientContext context;
  connection->Prepare(context);
  v1::StatusReply reply;
  const auto status =
      v1::SweepService::NewStub(connection->channel())->Status(&context, {}, &reply);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply.version(), "Bearer secret");
}

TEST(ConnectionTest, AnAbsentServerIsUnavailableWithinTheDeadline) {
  int port;
  {
    Server server;
    port = server.port;
  }
  const auto connection = Connection::Open({"127.0.0.1:" + std::to_string(port), "", ""});
  grpc::ClientContext context;
  connection->Prepare(context, Millis(5000));
  v1::StatusReply reply;
  const auto status =
      v1::SweepService::NewStub(connection->channel())->Status(&context, {}, &reply);
  EXPECT_EQ(FromGrpc(status, "Status").code(), absl::StatusCode::kUnavailable);
}

TEST(ConnectionTest, PlainTextBeyondLoopbackIsRefused) {
  const auto connection = Connection::Open({"10.1.2.3:7070", "secret", ""});
  ASSERT_EQ(connection.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(connection.status()), testing::HasSubstr("--cacert"));
  EXPECT_THAT(Message(connection.status()), testing::Not(testing::HasSubstr("secret")));
}

TEST(ConnectionTest, AMissingAuthorityFileIsNamed) {
  const auto connection = Connection::Open({"10.1.2.3:7070", "secret", "/nowhere/ca.pem"});
  ASSERT_FALSE(connection.ok());
  EXPECT_THAT(Message(connection.status()), testing::HasSubstr("/nowhere/ca.pem"));
}

}  // namespace
}  // namespace eida::rpc
