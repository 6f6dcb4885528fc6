#include "common/wire/json.h"

#include <cmath>

#include "common/wire/records.h"
#include "eida/v1/sweep.pb.h"
#include "eida/v1/worker.pb.h"
#include "gmock/gmock.h"
#include "tests/unit/wire/full.h"

namespace eida::wire {
namespace {

TEST(JsonTest, AJobReadsAsItsFields) {
  JobRecord job = FullJob();
  job.status.created.ms = 1'700'000'000'123;
  job.status.retry_at.ms = 0;
  job.status.summary = R"({"loss": 0.5})";
  job.spec.spec = "";
  const Json out = ToJson(ToProto(job));
  EXPECT_EQ(out["id"], 101);
  EXPECT_EQ(out["state"], "backoff");
  EXPECT_EQ(out["kind"], "gram");
  EXPECT_EQ(out["created"], "2023-11-14T22:13:20.123Z");
  EXPECT_TRUE(out["retry"].is_null());
  EXPECT_EQ(out["summary"]["loss"], 0.5);
  EXPECT_TRUE(out["spec"].is_null());
  EXPECT_EQ(out["artifacts"][0]["digest"], FullDigest().str());
  EXPECT_TRUE(out["progress"].is_null());
  EXPECT_FALSE(out.contains("created_ms"));
}

TEST(JsonTest, EmptyFieldsAreThere) {
  const Json out = ToJson(v1::Sweep());
  EXPECT_EQ(out.size(), static_cast<size_t>(v1::Sweep::descriptor()->field_count()));
  EXPECT_EQ(out["labels"], Json::object());
  EXPECT_EQ(out["state"], "");
}

TEST(JsonTest, DurationsAreSecondsAndMapsAreObjects) {
  v1::SyncRequest request;
  request.set_wait_ms(1500);
  EXPECT_EQ(ToJson(request)["wait_seconds"], 1.5);
  const Json sweep = ToJson(ToProto(FullSweep(), {{"ready", 3}}));
  EXPECT_EQ(sweep["jobs_by_state"]["ready"], 3);
  EXPECT_EQ(sweep["labels"]["key"], "value");
}

TEST(JsonTest, TextThatIsNoJsonStaysText) {
  v1::Checkpoint message;
  message.set_metrics("{broken");
  EXPECT_EQ(ToJson(message)["metrics"], "{broken");
}

TEST(JsonTest, NotANumberIsNull) {
  v1::MetricPoint point;
  point.set_value(NAN);
  EXPECT_TRUE(ToJson(point)["value"].is_null());
}

// A field type that json.cc does not know would read as null without anybody noticing.
TEST(JsonTest, EveryFieldTypeOfOurProtosIsMapped) {
  using F = google::protobuf::FieldDescriptor;
  for (const auto* file : {v1::Sweep::descriptor()->file(), v1::SubmitRequest::descriptor()->file(),
                           v1::SyncRequest::descriptor()->file()}) {
    for (int m = 0; m < file->message_type_count(); ++m) {
      for (int i = 0; i < file->message_type(m)->field_count(); ++i) {
        const F& f = *file->message_type(m)->field(i);
        const auto type = f.cpp_type();
        EXPECT_TRUE(type == F::CPPTYPE_STRING || type == F::CPPTYPE_INT64 ||
                    type == F::CPPTYPE_INT32 || type == F::CPPTYPE_BOOL ||
                    type == F::CPPTYPE_DOUBLE || type == F::CPPTYPE_ENUM ||
                    type == F::CPPTYPE_MESSAGE)
            << f.full_name();
      }
    }
  }
}

}  // namespace
}  // namespace eida::wire
