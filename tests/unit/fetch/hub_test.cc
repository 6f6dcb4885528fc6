#include "client/fetch/hub.h"

#include "common/base/text.h"
#include "gmock/gmock.h"
#include "tests/unit/fetch/hub.h"

namespace eida::fetch {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(RepositoryTest, IsOwnerNameAndRevision) {
  const Repository plain = *ParseRepository("hf:openai-community/gpt2");
  EXPECT_EQ(plain.Text(), "hf:openai-community/gpt2@main");
  EXPECT_FALSE(plain.dataset);
  const Repository pull = *ParseRepository("hf:facebook/mbart-large-cc25@refs/pr/3");
  EXPECT_EQ(pull.revision, "refs/pr/3");
  const Repository data = *ParseRepository("hf:datasets/wmt/wmt16@v1.0");
  EXPECT_TRUE(data.dataset);
  EXPECT_EQ(data.FileUrl({}, "abc", "ro en/x.json"),
            "https://huggingface.co/datasets/wmt/wmt16/resolve/abc/ro%20en/x.json");
}

TEST(RepositoryTest, WhatIsNoneIsRefused) {
  for (const char* text :
       {"hf:",           "hf:gpt2",      "hf:/gpt2",   "hf:o/",     "hf:o/n/x",
        "hf:../n",       "hf:o/..",      "hf:o/n@",    "hf:o/a..b", "hf:o/n@../main",
        "hf:o/n@a//b",   "hf:o/n@/main", "hf:o/n?x=1", "hf:o/n n",  "hf:.o/n",
        "hf:datasets/n", "hf:o/n@a b",   "hf:o/n#x",   "hf:o\n/n",  "gpt2"}) {
    const Result<Repository> repository = ParseRepository(text);
    EXPECT_EQ(repository.status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(SafeNameTest, NeverLeavesItsDirectory) {
  for (const char* name : {"a", "a/b.txt", "..a", "a b"}) EXPECT_TRUE(IsSafeName(name)) << name;
  for (const char* name : {"", "/a", "../a", "a/..", "a/../b", "a//b", "./a", "a/", "a\\b", "a\nb"})
    EXPECT_FALSE(IsSafeName(name)) << name;
}

class HubTest : public testing::Test {
 protected:
  Result<Listing> List(const std::string& text = "hf:o/n") {
    Patience patience;
    patience.first = Millis(1);
    patience.attempts = 2;
    Transport transport({}, patience);
    return ListRepository(transport, hub_, *ParseRepository(text));
  }
  Result<std::vector<std::string>> Files(const std::string& text = "hf:o/n") {
    EIDA_ASSIGN_OR_RETURN(const Listing listing, List(text));
    const Repository repository = *ParseRepository(text);
    EIDA_ASSIGN_OR_RETURN(const std::vector<HubFile> files,
                          repository.dataset ? DataFilesOf(listing, repository, hub_)
                                             : ModelFilesOf(listing, repository, hub_));
    std::vector<std::string> names;
    for (const HubFile& file : files) names.push_back(file.name);
    return names;
  }
  FakeHub fake_;
  std::function<WebAnswer(const WebRequest&)> answer_ = [this](const WebRequest& r) {
    return fake_(r);
  };
  Web web_{[this](const WebRequest& r) { return answer_(r); }};
  Hub hub_{web_.url(), "hf_secret"};
};

TEST_F(HubTest, AListingHasCommitLicenceSizesAndDigests) {
  fake_.files = {{"config.json", "{}"}, {"model.safetensors", Bytes(5000)}};
  const Result<Listing> listing = List();
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ(listing->commit, kCommit);
  EXPECT_EQ(listing->licence, "mit");
  ASSERT_EQ(listing->files.size(), 2u);
  EXPECT_EQ(listing->files[0].size, 2);
  EXPECT_EQ(listing->files[0].sha256, "");
  EXPECT_EQ(listing->files[1].sha256, DigestOf(Bytes(5000)).str());
  EXPECT_EQ(web_.seen()[0].Header("authorization"), "Bearer hf_secret");
}

TEST_F(HubTest, ARevisionWithASlashIsOneSegment) {
  fake_.revision = "refs%2Fpr%2F3";
  EXPECT_TRUE(List("hf:o/n@refs/pr/3").ok());
}

TEST_F(HubTest, OfAModelOnlyWhatEidaReadsIsTaken) {
  fake_.files = {
      {"README.md", "x"},       {"config.json", "{}"},           {"flax_model.msgpack", "x"},
      {"merges.txt", "x"},      {"model.fp16.safetensors", "x"}, {"model.safetensors", "x"},
      {"onnx/model.onnx", "x"}, {"pytorch_model.bin", "x"},      {"special_tokens_map.json", "{}"},
      {"tokenizer.json", "{}"}, {"tokenizer_config.json", "{}"}, {"vocab.json", "{}"}};
  EXPECT_THAT(*Files(), ElementsAre("config.json", "merges.txt", "model.safetensors",
                                    "special_tokens_map.json", "tokenizer.json",
                                    "tokenizer_config.json", "vocab.json"));
}

TEST_F(HubTest, ShardsComeWithTheirIndex) {
  fake_.files = {{"config.json", "{}"},
                 {"model-00001-of-00002.safetensors", "x"},
                 {"model-00002-of-00002.safetensors", "x"},
                 {"model.safetensors.index.json", "{}"}};
  EXPECT_EQ(Files()->size(), 4u);
}

TEST_F(HubTest, AnAdapterIsTakenToo) {
  fake_.files = {{"adapter_config.json", "{}"}, {"adapter_model.safetensors", "x"}};
  EXPECT_EQ(Files()->size(), 2u);
}

TEST_F(HubTest, PickleAloneIsRefusedWithWhatToDo) {
  fake_.files = {{"config.json", "{}"}, {"pytorch_model.bin", "x"}};
  const auto files = Files();
  EXPECT_EQ(files.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(
      Message(files.status()),
      AllOf(HasSubstr("hf:o/n@main has no safetensors weights, only pickle (pytorch_model.bin)"),
            HasSubstr("hf:o/n@refs/pr/N"), HasSubstr("/o/n/discussions"),
            HasSubstr("save_pretrained")));
}

TEST_F(HubTest, ParquetAloneIsRefusedWithWhatToDo) {
  fake_.repository = "datasets/o/n";
  fake_.files = {{"train.parquet", "x"}};
  EXPECT_THAT(Message(Files("hf:datasets/o/n").status()), HasSubstr("DuckDB"));
  fake_.files["data/dev.jsonl"] = "{}";
  EXPECT_THAT(*Files("hf:datasets/o/n"), ElementsAre("data/dev.jsonl"));
}

TEST_F(HubTest, WhatIsNotThereNamesRepositoryRevisionAndAddress) {
  const auto listing = List("hf:o/m@v2");
  EXPECT_EQ(listing.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(Message(listing.status()),
              AllOf(HasSubstr("hf:o/m@v2"), HasSubstr(web_.url("/api/models/o/m/revision/v2"))));
}

TEST_F(HubTest, AGatedRepositorySaysWhichTokenIsWanted) {
  answer_ = [](const WebRequest&) { return WebAnswer{401, "{}"}; };
  hub_.token = "";
  const auto listing = List();
  EXPECT_EQ(listing.status().code(), StatusCode::kUnauthenticated);
  EXPECT_THAT(Message(listing.status()), AllOf(HasSubstr("HF_TOKEN"), HasSubstr(web_.url("/o/n"))));
}

TEST_F(HubTest, AnAnswerThatIsNotTheApisIsRefused) {
  for (const char* body : {"<html>", "[]", "{}", "{\"sha\": \"main\", \"siblings\": []}",
                           "{\"sha\": \"0123456789abcdef0123456789abcdef01234567\"}"}) {
    answer_ = [body](const WebRequest&) { return WebAnswer{200, body}; };
    EXPECT_FALSE(List().ok()) << body;
  }
}

TEST_F(HubTest, AListedNameThatLeavesTheDirectoryIsRefused) {
  fake_.files = {{"../../.bashrc", "x"}};
  const auto listing = List();
  EXPECT_EQ(listing.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(Message(listing.status()), HasSubstr("../../.bashrc"));
}

TEST_F(HubTest, ARenamedRepositoryIsFollowed) {
  fake_.files = {{"config.json", "{}"}};
  answer_ = [this](const WebRequest& r) {
    if (r.path.find("/old/") == std::string::npos) return fake_(r);
    return WebAnswer{307, "", {{"Location", "/api/models/o/n/revision/main?blobs=true"}}};
  };
  EXPECT_TRUE(List("hf:old/n").ok());
}

}  // namespace
}  // namespace eida::fetch
