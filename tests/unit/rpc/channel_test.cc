#include "common/rpc/channel.h"

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
