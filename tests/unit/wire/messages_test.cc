#include "common/wire/messages.h"

#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/unit/wire/full.h"

namespace eida::wire {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::HasSubstr;
using testing::IsEmpty;

template <class T>
T Value(Result<T> result) {
  EXPECT_TRUE(result.ok()) << result.status();
  return std::move(result).value();
}

template <class M>
void ExpectFullRoundTrip(const M& value, const std::vector<std::string>& live = {}) {
  const auto message = ToProto(value);
  EXPECT_THAT(CheckFull(message, live), IsEmpty());
  EXPECT_TRUE(MessageDifferencer::Equals(message, ToProto(Value(FromProto(message)))))
      << message.DebugString();
}

Grant FullGrant() {
  return {LeaseId(101),
          {102},
          {{JobId(101),
            102,
            JobKind::kSoup,
            "name",
            "spec",
            {FullArtifact()},
            FullArtifact(),
            {{"role", "reason"}}}}};
}

TEST(MessagesTest, SyncKeepsEveryField) {
  ExpectFullRoundTrip(SyncRequest{FullWorker(), {LeaseId(102)}, true, Millis(104)},
                      {"SyncRequest.worker.slots.lease", "SyncRequest.worker.slots.jobs"});
  ExpectFullRoundTrip(SyncReply{{FullGrant()}, {LeaseId(102)}, Millis(103)});
  ExpectFullRoundTrip(FullGrant());
}

TEST(MessagesTest, AGrantWithoutCheckpointHasNone) {
  Grant grant = FullGrant();
  grant.jobs[0].resume.reset();
  EXPECT_FALSE(Value(FromProto(ToProto(grant))).jobs[0].resume.has_value());
}

TEST(MessagesTest, ReportsKeepEveryFieldOfEveryItem) {
  const std::vector<ReportItem> items = {
      Started{},
      Progress{101, 102, "unit"},
      Metrics{{{"series", 102, 103}}},
      CheckpointMade{101, "metrics", FullArtifact()},
      LogText{101, WallTime{102}, "text"},
      Finished{ErrorClass::kOom, "message", "summary", {FullArtifact()}},
  };
  EXPECT_EQ(items.size(), std::variant_size_v<ReportItem>);
  EXPECT_EQ(static_cast<int>(items.size()), v1::ReportItem::descriptor()->field_count());
  const ReportBatch batch{WorkerId("worker"), "session", {{JobId(101), 102, items}}};
  ExpectFullRoundTrip(batch);
  const ReportBatch back = Value(FromProto(ToProto(batch)));
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(back.reports[0].items[i].index(), items[i].index());
  }
}

TEST(MessagesTest, VerdictsComeBackInOrder) {
  const std::vector<ReportVerdict> verdicts = {ReportVerdict::kStale, ReportVerdict::kAccepted};
  EXPECT_EQ(Value(FromProto(ToProto(verdicts), 2)), verdicts);
  EXPECT_FALSE(FromProto(ToProto(verdicts), 3).ok());
}

TEST(MessagesTest, AWorkerWithoutIdOrSessionIsRefused) {
  SyncRequest request;
  request.worker.id = WorkerId("w");
  const auto result = FromProto(ToProto(request));
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(Message(result.status()), HasSubstr("session"));
}

TEST(MessagesTest, AnItemOfAnUnknownKindIsRefused) {
  v1::ReportRequest message;
  message.add_reports()->add_items();
  EXPECT_FALSE(FromProto(message).ok());
}

}  // namespace
}  // namespace eida::wire
