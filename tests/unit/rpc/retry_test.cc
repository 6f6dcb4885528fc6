#include "common/rpc/retry.h"

#include <thread>

#include "common/rpc/status_map.h"
#include "gmock/gmock.h"

namespace eida::rpc {
namespace {

const RetryOptions kQuick{.attempts = 4, .first = Millis(1), .most = Millis(2), .seed = 1};

TEST(RetryTest, UnavailableIsTriedAgainUntilItWorks) {
  int calls = 0;
  EXPECT_TRUE(Retry(kQuick).Run([&] { return ++calls < 3 ? Unavailable("x") : OkStatus(); }).ok());
  EXPECT_EQ(calls, 3);
}

TEST(RetryTest, ItGivesUpAfterAllAttempts) {
  int calls = 0;
  const Status status = Retry(kQuick).Run([&] {
    ++calls;
    return Unavailable("x");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(calls, 4);
}

TEST(RetryTest, NothingElseIsTriedAgain) {
  for (const Status& status : {InvalidArgument("x"), NotFound("x"), Unauthenticated("x"),
                               Internal("x"), DeadlineExceeded("x")}) {
    int calls = 0;
    EXPECT_EQ(Retry(kQuick).Run([&] {
      ++calls;
      return status;
    }),
              status);
    EXPECT_EQ(calls, 1);
  }
}

TEST(RetryTest, ValuesComeThrough) {
  int calls = 0;
  const Result<int> value = Retry(kQuick).RunFor<int>([&]() -> Result<int> {
    if (++calls < 2) return Unavailable("x");
    return 7;
  });
  EXPECT_EQ(*value, 7);
}

TEST(RetryTest, AStopEndsTheWait) {
  std::stop_source stop;
  int calls = 0;
  std::jthread stopper([&] { stop.request_stop(); });
  const RetryOptions slow{.attempts = 3, .first = Millis(60'000), .most = Millis(60'000)};
  const Status status = Retry(slow, stop.get_token()).Run([&] {
    ++calls;
    return Unavailable("x");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(calls, 1);
}

TEST(RetryTest, TheDelayDoublesIsCappedAndJitters) {
  const RetryOptions options{.first = Millis(100), .most = Millis(1000)};
  EXPECT_EQ(BackoffDelay(options, 1, 0), Millis(50));
  EXPECT_EQ(BackoffDelay(options, 1, 0.998), Millis(99));
  EXPECT_EQ(BackoffDelay(options, 3, 0), Millis(200));
  EXPECT_EQ(BackoffDelay(options, 1000, 0), Millis(500));
}

TEST(StatusMapTest, EveryCodeOfOursTravelsThereAndBack) {
  for (const Status& status :
       {OkStatus(), InvalidArgument("m"), NotFound("m"), Unauthenticated("m"),
        FailedPrecondition("m"), AlreadyExists("m"), Internal("m"), DataLoss("m")}) {
    EXPECT_EQ(FromGrpc(ToGrpc(status), "Submit"), status);
  }
  EXPECT_EQ(ToGrpc(NotFound("m")).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(StatusMapTest, AnAbsentCoordinatorIsNamedWithTheNextStep) {
  const Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "connect: refused"), "127.0.0.1:7070");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(status), testing::AllOf(testing::HasSubstr("127.0.0.1:7070"),
                                              testing::HasSubstr("eida-coordinator serve")));
  EXPECT_EQ(FromGrpc(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, ""), "Submit").code(),
            absl::StatusCode::kDeadlineExceeded);
}

// What a coordinator that stops gives to the calls that it ends; nobody pressed Ctrl-C here.
TEST(StatusMapTest, ACallThatTheCoordinatorEndedIsAnAbsentCoordinator) {
  const Status status = FromGrpc(grpc::Status(grpc::StatusCode::CANCELLED, "CANCELLED"), "Watch");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(status), testing::HasSubstr("Watch: the coordinator ended the call"));
}

}  // namespace
}  // namespace eida::rpc
