#include "worker/engine/formats/safetensors.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <cstring>

#include "tests/unit/engine/tiny.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

std::string FileOf(const std::string& header, const std::string& payload) {
  const uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + payload;
}

class SafetensorsTest : public ::testing::Test {
 protected:
  std::string Refusal(const std::string& content) {
    const std::string path = dir_.path() + "/bad.safetensors";
    EXPECT_TRUE(WriteFileAtomic(path, content).ok());
    const auto read = ReadSafetensors(path);
    EXPECT_FALSE(read.ok());
    if (read.ok()) return "";
    EXPECT_EQ(ErrorClassOf(read.status()), "config");
    EXPECT_THAT(Message(read.status()), HasSubstr(path));
    return Message(read.status());
  }
  TempDir dir_;
};

TEST_F(SafetensorsTest, WhatIsWrittenIsReadBack) {
  const Weights tensors = {{"a", at::arange(6, at::kFloat).view({2, 3})},
                           {"b", at::arange(5, at::kLong)},
                           {"c", at::arange(3, at::kFloat).to(at::kBFloat16)},
                           {"d", at::arange(3, at::kFloat).to(at::kHalf)},
                           {"empty", at::empty({0, 4}, at::kFloat)},
                           {"scalar", at::scalar_tensor(2.5f)},
                           {"turned", at::arange(6, at::kFloat).view({2, 3}).t()}};
  const std::string path = dir_.path() + "/x.safetensors";
  ASSERT_TRUE(WriteSafetensors(tensors, {{"format", "pt"}, {"note", "grün"}}, path).ok());
  std::map<std::string, std::string> metadata;
  const auto read = ReadSafetensors(path, &metadata);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(metadata.at("note"), "grün");
  ASSERT_EQ(read->size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(read->at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_EQ(Difference(read->at(name), tensor), 0) << name;
  }
}

TEST_F(SafetensorsTest, BytesAreDeterminedByTheContent) {
  const Weights tensors = {{"z", at::ones({3})}, {"a", at::ones({2}, at::kLong)}};
  ASSERT_TRUE(WriteSafetensors(tensors, {{"k", "v"}}, dir_.path() + "/1").ok());
  ASSERT_TRUE(WriteSafetensors(tensors, {{"k", "v"}}, dir_.path() + "/2").ok());
  EXPECT_EQ(Bytes(dir_.path() + "/1"), Bytes(dir_.path() + "/2"));
}

TEST_F(SafetensorsTest, WritingToATensorDoesNotChangeTheFile) {
  const std::string path = dir_.path() + "/x.safetensors";
  ASSERT_TRUE(WriteSafetensors({{"a", at::ones({4})}}, {}, path).ok());
  const std::string before = Bytes(path);
  auto read = ReadSafetensors(path);
  read->at("a").fill_(3);
  EXPECT_EQ(Bytes(path), before);
}

TEST_F(SafetensorsTest, MalformedFilesAreRefusedWithTheReason) {
  const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  EXPECT_THAT(Refusal("abc"), HasSubstr("no header"));
  EXPECT_THAT(Refusal(FileOf(good, "12345678").substr(0, 30)), HasSubstr("cut off"));
  EXPECT_THAT(Refusal(FileOf(good, "1234")), HasSubstr("outside"));
  EXPECT_THAT(Refusal(FileOf(good, "1234567890")), HasSubstr("belong to no tensor"));
  EXPECT_THAT(Refusal("PK\x03\x04" + std::string(60, 'x')), HasSubstr("pickled"));
  EXPECT_THAT(Refusal(FileOf("[1]", "")), HasSubstr("not a JSON object"));
  EXPECT_THAT(Refusal(FileOf("{nonsense", "")), HasSubstr("header"));
  EXPECT_THAT(
      Refusal(FileOf(R"({"a":{"dtype":"F8","shape":[8],"data_offsets":[0,8]}})", "12345678")),
      HasSubstr("F8"));
  EXPECT_THAT(
      Refusal(FileOf(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", "12345678")),
      HasSubstr("do not fit"));
  EXPECT_THAT(
      Refusal(FileOf(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", "12345678")),
      HasSubstr("do not fit"));
  EXPECT_THAT(Refusal(FileOf(
                  R"({"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,8]}})",
                  "12345678")),
              HasSubstr("do not fit"));
  EXPECT_THAT(
      Refusal(FileOf(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", "12345678")),
      HasSubstr("outside"));
  EXPECT_THAT(Refusal(FileOf(R"({"a":{"dtype":"F32","shape":[2]}})", "12345678")),
              HasSubstr("data_offsets"));
  EXPECT_THAT(Refusal(FileOf(R"({"a":7})", "")), HasSubstr("needs"));
  EXPECT_THAT(Refusal(FileOf(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                             R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                             "1234")),
              HasSubstr("overlap"));
}

TEST_F(SafetensorsTest, AMissingFileIsAnIoError) {
  EXPECT_EQ(ErrorClassOf(ReadSafetensors(dir_.path() + "/nothing").status()), "io");
  EXPECT_EQ(ErrorClassOf(WriteSafetensors({}, {}, dir_.path() + "/no/such/dir/x")), "io");
}

TEST_F(SafetensorsTest, TensorsAtOddOffsetsAreReadable) {
  std::string payload(9, '\0');
  const float value = 1.5f;
  std::memcpy(payload.data() + 5, &value, 4);
  std::string header =
      R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},"b":{"dtype":"F32","shape":[1],"data_offsets":[5,9]}})";
  const std::string path = dir_.path() + "/odd";
  ASSERT_TRUE(WriteFileAtomic(path, FileOf(header, payload)).ok());
  const auto read = ReadSafetensors(path);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->at("b").item<float>(), 1.5f);
}

}  // namespace
}  // namespace eida::engine
