#include "server/service/auth.h"

#include "common/rpc/status_map.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/unit/service/harness.h"

namespace eida::testing {
namespace {

using service::Guard;
using service::RoleFor;

// "SweepService/Submit" of every method of the services.
std::vector<std::string> AllMethods() {
  std::vector<std::string> out;
  for (const auto* file :
       {v1::SubmitRequest::descriptor()->file(), v1::SyncRequest::descriptor()->file(),
        v1::HasRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        out.push_back(file->service(s)->name() + "/" + file->service(s)->method(m)->name());
      }
    }
  }
  return out;
}

grpc::ByteBuffer EmptyMessage() {
  const grpc::Slice slice("", 0);
  return grpc::ByteBuffer(&slice, 1);
}

// Calls the method with an empty message and the header.
grpc::Status Call(const std::string& address, const std::string& method,
                  const std::string& authorization) {
  const auto connection = rpc::Connection::Open({address, "", ""});
  grpc::GenericStub stub(connection->channel());
  grpc::ClientContext context;
  connection->Prepare(context, Millis(10'000));
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(&context, "/eida.v1." + method, EmptyMessage(), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

class AuthTest : public CoordinatorTest {};

TEST_F(AuthTest, EveryMethodRefusesACallWithoutOrWithAWrongToken) {
  Start();
  const std::string address = coordinator_->address().ToString();
  const std::vector<std::string> methods = AllMethods();
  ASSERT_GE(methods.size(), 21u);
  for (const std::string& method : methods) {
    EXPECT_EQ(Call(address, method, "").error_code(), grpc::StatusCode::UNAUTHENTICATED) << method;
    for (const std::string& wrong :
         {"Bearer " + std::string(64, '0'), "Bearer " + Token().substr(1), "Basic " + Token(),
          Token(), std::string("Bearer ")}) {
      EXPECT_EQ(Call(address, method, wrong).error_code(), grpc::StatusCode::UNAUTHENTICATED)
          << method << " " << wrong;
    }
    EXPECT_NE(Call(address, method, "Bearer " + Token()).error_code(),
              grpc::StatusCode::UNAUTHENTICATED)
        << method;
    EXPECT_NE(Call(address, method, "Bearer " + Token()).error_code(),
              grpc::StatusCode::UNIMPLEMENTED)
        << method;
  }
  EXPECT_EQ(Metric("eida_auth_failures_total{reason=\"missing\",surface=\"grpc\"}") +
                Metric("eida_auth_failures_total{reason=\"wrong\",surface=\"grpc\"}"),
            static_cast<double>(methods.size() * 6));
}

TEST_F(AuthTest, TheRefusalSaysHowToSendATokenAndNotWhatWasSent) {
  Start();
  const grpc::Status status = Call(coordinator_->address().ToString(), "SweepService/Status",
                                   "Bearer supersecretsupersecret");
  EXPECT_THAT(status.error_message(), ::testing::HasSubstr("--token-file"));
  EXPECT_THAT(status.error_message(), ::testing::Not(::testing::HasSubstr("supersecret")));
}

TEST_F(AuthTest, WithoutATokenTheCoordinatorServesLoopbackOnly) {
  options_.insecure = true;
  Start();
  EXPECT_TRUE(Call(coordinator_->address().ToString(), "SweepService/Status", "").ok());
  EXPECT_EQ(coordinator_->token_file(), "");
  Stop();
  options_.listen = {"0.0.0.0", 0};
  EXPECT_FALSE(app::Coordinator::Start(options_, Clock::System()).ok());
}

TEST_F(AuthTest, HealthIsAnsweredToAnybody) {
  Start();
  const auto connection = rpc::Connection::Open({coordinator_->address().ToString(), "", ""});
  grpc::GenericStub stub(connection->channel());
  grpc::ClientContext context;
  connection->Prepare(context, Millis(10'000));
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", EmptyMessage(), &queue);
  call->StartCall();
  grpc::ByteBuffer reply;
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  ASSERT_TRUE(status.ok()) << status.error_message();
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(reply.Dump(&slices).ok());
  ASSERT_FALSE(slices.empty());
  // HealthCheckResponse{status: SERVING}: field 1, varint 1.
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(slices[0].begin()), slices[0].size()),
            std::string("\x08\x01", 2));
}

TEST(RoleTableTest, EveryMethodHasARoleAndNothingElse) {
  for (const std::string& method : AllMethods()) EXPECT_TRUE(RoleFor(method).has_value()) << method;
  for (const char* method :
       {"", "SweepService", "SweepService/", "SweepService/Other", "Other/Submit"}) {
    EXPECT_FALSE(RoleFor(method).has_value()) << method;
  }
}

TEST(GuardTest, AMethodThatTheTableDoesNotNameIsDeniedEvenWithTheToken) {
  std::vector<std::string> refused;
  const std::string token(64, 'a');
  const Guard guard(token, [&](const char* reason) { refused.push_back(reason); });
  EXPECT_TRUE(guard.Check("SweepService/Submit", "Bearer " + token).ok());
  EXPECT_FALSE(guard.Check("SweepService/Erase", "Bearer " + token).ok());
  EXPECT_THAT(refused, ::testing::ElementsAre("forbidden"));
}

}  // namespace
}  // namespace eida::testing
