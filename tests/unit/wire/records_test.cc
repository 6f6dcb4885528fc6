#include "common/wire/records.h"

#include <algorithm>

#include "common/wire/enums.h"
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
template <class T>
T Value(T value) {
  return value;
}

// Every field of the proto is set from the record, from its own field, and survives the way back.
template <class Record>
void ExpectFullRoundTrip(const Record& record) {
  const auto message = ToProto(record);
  EXPECT_THAT(CheckFull(message), IsEmpty());
  EXPECT_TRUE(MessageDifferencer::Equals(message, ToProto(Value(FromProto(message)))));
}

TEST(RecordsTest, SmallRecordsKeepEveryField) {
  ExpectFullRoundTrip(FullArtifact());
  ExpectFullRoundTrip(JobInput{"name", FullDigest()});
  ExpectFullRoundTrip(ParentEdge{"role", JobId(102), "artifact", true});
  ExpectFullRoundTrip(MetricPoint{"series", 102, 103});
  ExpectFullRoundTrip(Progress{101, 102, "unit"});
  ExpectFullRoundTrip(LogLine{JobId(101), 102, 103, WallTime{104}, "text"});
  ExpectFullRoundTrip(EventRecord{101, WallTime{102}, SweepId(103), JobId(104), 105,
                                  WorkerId("worker"), "type", "message"});
  ExpectFullRoundTrip(
      CheckpointRecord{JobId(101), 102, 103, "metrics", FullArtifact(), WallTime{106}});
  ExpectFullRoundTrip(RunRecord{RunId(101), SweepId(102), 103, "name", "variant", 106, "settings",
                                JobId(108), 109, 110});
}

TEST(RecordsTest, AJobKeepsEveryFieldAndItsProgress) {
  const Progress progress{101, 102, "unit"};
  const v1::Job message = ToProto(FullJob(), &progress);
  EXPECT_THAT(CheckFull(message, {"Job.waits"}), IsEmpty());  // it is live
  v1::Job back = ToProto(Value(FromProto(message)));
  EXPECT_FALSE(back.has_progress());
  *back.mutable_progress() = message.progress();
  EXPECT_TRUE(MessageDifferencer::Equals(message, back));
}

TEST(RecordsTest, ASweepKeepsEveryFieldAndItsCounts) {
  const v1::Sweep message = ToProto(FullSweep(), {{"ready", 3}});
  EXPECT_THAT(CheckFull(message), IsEmpty());
  EXPECT_EQ(message.jobs_by_state().at("ready"), 3);
  EXPECT_TRUE(
      MessageDifferencer::Equals(message, ToProto(Value(FromProto(message)), {{"ready", 3}})));
}

TEST(RecordsTest, AWorkerKeepsEveryFieldAndSlotsShowTheirLease) {
  const v1::Worker message = ToProto(FullWorker());
  EXPECT_THAT(CheckFull(message, {"Worker.slots.lease", "Worker.slots.jobs"}), IsEmpty());
  EXPECT_TRUE(MessageDifferencer::Equals(message, ToProto(Value(FromProto(message)))));
  const v1::Slot slot = ToProto(SlotInfo{101, "device", {103}}, LeaseId(104), {"jobs"});
  EXPECT_THAT(CheckFull(slot), IsEmpty());
  EXPECT_TRUE(MessageDifferencer::Equals(slot, ToProto(FromProto(slot), LeaseId(104), {"jobs"})));
}

TEST(RecordsTest, ABadDigestFromOutsideIsRefused) {
  v1::Artifact message = ToProto(FullArtifact());
  message.set_digest("../../etc/passwd");
  const auto result = FromProto(message);
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(Message(result.status()), HasSubstr("Artifact.digest: \"../../etc/passwd\""));
  message = ToProto(FullArtifact());
  message.set_size(-1);
  EXPECT_FALSE(FromProto(message).ok());
}

TEST(RecordsTest, AnUnknownEnumNumberIsRefused) {
  v1::Job message = ToProto(FullJob());
  message.set_state(static_cast<v1::JobState>(77));
  const auto result = FromProto(message);
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(Message(result.status()), HasSubstr("Job.state: value 77"));
}

// enums.def and types.proto: the same numbers and texts, none missing on either side.
template <class E>
void ExpectEnumsAgree(const google::protobuf::EnumDescriptor* proto) {
  const std::string zero = proto->FindValueByNumber(0)->name();
  const std::string prefix = zero.substr(0, zero.size() - std::string("UNSPECIFIED").size());
  EXPECT_EQ(static_cast<size_t>(proto->value_count()), AllValues<E>().size() + 1) << proto->name();
  for (const E value : AllValues<E>()) {
    const auto* match = proto->FindValueByNumber(static_cast<int>(value));
    ASSERT_NE(match, nullptr) << proto->name() << " has no " << ToString(value);
    std::string text = ToString(value);
    std::transform(text.begin(), text.end(), text.begin(), ::toupper);
    EXPECT_EQ(match->name(), prefix + text);
  }
}

TEST(RecordsTest, EnumsHaveTheSameNumbersAndTextsOnBothSides) {
  ExpectEnumsAgree<JobKind>(v1::JobKind_descriptor());
  ExpectEnumsAgree<JobState>(v1::JobState_descriptor());
  ExpectEnumsAgree<SweepState>(v1::SweepState_descriptor());
  ExpectEnumsAgree<ErrorClass>(v1::ErrorClass_descriptor());
  ExpectEnumsAgree<WorkerState>(v1::WorkerState_descriptor());
}

}  // namespace
}  // namespace eida::wire
