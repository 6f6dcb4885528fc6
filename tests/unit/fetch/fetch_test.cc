#include "client/fetch/fetch.h"

#include "common/base/fs.h"
#include "common/base/text.h"
#include "gmock/gmock.h"
#include "tests/unit/fetch/archives.h"
#include "tests/unit/fetch/hub.h"

namespace eida::fetch {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

constexpr char kNow[] = "2026-11-27T20:00:00.000Z";

class FetchTest : public testing::Test {
 protected:
  void SetUp() override {
    fake_.files = {{"config.json", "{\"model_type\": \"bert\"}"},
                   {"model.safetensors", Bytes(50'000)},
                   {"README.md", "words"},
                   {"tokenizer.json", "{}"}};
    settings_.hub.endpoint = web_.url();
    hooks_.note = [this](const std::string& text) { notes_.push_back(text); };
  }
  Result<Manifest> Fetch(const Wanted& wanted) {
    Patience patience;
    patience.first = Millis(1);
    patience.attempts = 2;
    Transport transport(hooks_, patience);
    EIDA_ASSIGN_OR_RETURN(const Plan plan, MakePlan(transport, settings_, wanted));
    return Carry(transport, plan, kNow);
  }
  Wanted Model(const std::string& name = "hf:o/n") { return *MakeWanted(name, Dir("model")); }
  // A data set at an address of the test server.
  Wanted Data(const std::string& files, const std::string& outputs) {
    Wanted wanted{"data"};
    wanted.source.id = "data";
    wanted.source.from = wanted.identity = web_.url("/data/");
    wanted.source.files = *ParseKnownFiles(files);
    wanted.source.outputs = *ParseOutputs(outputs);
    wanted.directory = Dir("data");
    return wanted;
  }
  std::string Dir(const std::string& name) const { return JoinPath(dir_.path(), name); }
  std::string Names(const std::string& directory) const {
    std::vector<std::string> names = *ListDir(directory);
    std::erase(names, ".eida-fetch.lock");
    return Join(names, " ");
  }

  TempDir dir_;
  FakeHub fake_;
  std::function<WebAnswer(const WebRequest&)> answer_ = [this](const WebRequest& r) {
    return fake_(r);
  };
  Web web_{[this](const WebRequest& r) { return answer_(r); }};
  Settings settings_;
  Hooks hooks_;
  std::vector<std::string> notes_;
};

TEST_F(FetchTest, AModelIsADirectoryThatSaysWhereItIsFrom) {
  Wanted wanted = Model();
  const Result<Manifest> manifest = Fetch(wanted);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(Names(wanted.directory),
            "config.json eida-fetch.json model.safetensors tokenizer.json");
  const Json json = *ReadJsonFile(JoinPath(wanted.directory, "eida-fetch.json"));
  EXPECT_EQ(json.at("source"), "hf:o/n@main");
  EXPECT_EQ(json.at("commit"), kCommit);
  EXPECT_EQ(json.at("licence"), "mit");
  EXPECT_EQ(json.at("fetched_at"), kNow);
  EXPECT_EQ(json.at("files")[1].at("sha256"), DigestOf(Bytes(50'000)).str());
  EXPECT_EQ(json.at("downloads")[0].at("published"), false);
  EXPECT_EQ(json.at("downloads")[1].at("published"), true);
  const size_t asked = web_.seen().size();
  const auto again = AlreadyThere(&wanted);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->has_value());
  EXPECT_EQ(web_.seen().size(), asked) << "a second fetch asks nobody";
}

TEST_F(FetchTest, AFileThatIsGoneComesFromTheSameCommit) {
  Wanted wanted = Model();
  ASSERT_TRUE(Fetch(wanted).ok());
  ASSERT_TRUE(RemoveTree(JoinPath(wanted.directory, "model.safetensors")).ok());
  fake_.revision =
      "moved-on";  // main means another commit now, which this server does not even have
  EXPECT_FALSE(AlreadyThere(&wanted)->has_value());
  EXPECT_EQ(wanted.commit, kCommit);
  ASSERT_TRUE(Fetch(wanted).ok());
  EXPECT_TRUE(AlreadyThere(&wanted)->has_value());
}

TEST_F(FetchTest, VerifyFindsAChangedByte) {
  const Wanted wanted = Model();
  const Result<Manifest> manifest = Fetch(wanted);
  ASSERT_TRUE(manifest.ok());
  EXPECT_TRUE(Verify(wanted.directory, *manifest, {}).ok());
  std::string content = Bytes(50'000);
  content[40'000] ^= 1;
  const std::string path = JoinPath(wanted.directory, "model.safetensors");
  ASSERT_TRUE(WriteFileAtomic(path, content).ok());
  const Status status = Verify(wanted.directory, *manifest, {});
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(Message(status), AllOf(HasSubstr(path), HasSubstr(DigestOf(content).str()),
                                     HasSubstr(DigestOf(Bytes(50'000)).str())));
}

TEST_F(FetchTest, ADirectoryOfSomethingElseIsLeftAlone) {
  Wanted first = Model();
  ASSERT_TRUE(Fetch(first).ok());
  Wanted second = Model("hf:o/n@v2");
  const auto there = AlreadyThere(&second);
  EXPECT_EQ(there.status().code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(Message(there.status()), AllOf(HasSubstr("hf:o/n@main"), HasSubstr("hf:o/n@v2")));
}

TEST_F(FetchTest, AManifestThatIsNotOursIsNotBelieved) {
  Wanted wanted = Model();
  for (const char* content :
       {"{", "[]", "{}", "{\"format\": 2, \"source\": \"x\", \"files\": []}",
        "{\"format\": 1, \"source\": \"x\", \"files\": [{\"name\": \"../x\", \"size\": 1, "
        "\"sha256\": "
        "\"0000000000000000000000000000000000000000000000000000000000000000\"}]}"}) {
    ASSERT_TRUE(MakeDirs(wanted.directory).ok());
    ASSERT_TRUE(WriteFileAtomic(JoinPath(wanted.directory, "eida-fetch.json"), content).ok());
    EXPECT_EQ(AlreadyThere(&wanted).status().code(), StatusCode::kDataLoss) << content;
  }
}

TEST_F(FetchTest, AWrongDigestEndsItWithoutAManifest) {
  fake_.claimed["model.safetensors"] = DigestOf("another").str();
  const Wanted wanted = Model();
  const Result<Manifest> manifest = Fetch(wanted);
  EXPECT_EQ(manifest.status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(Names(wanted.directory), "config.json");
}

TEST_F(FetchTest, WhatTheTableKnowsMustHoldOnTheServer) {
  Wanted wanted = Model();
  wanted.source.files =
      *ParseKnownFiles("model.safetensors 50000 " + DigestOf("what was published").str());
  const Result<Manifest> manifest = Fetch(wanted);
  EXPECT_EQ(manifest.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(Message(manifest.status()), HasSubstr("it was replaced; nothing is fetched"));
}

TEST_F(FetchTest, AnArchiveBecomesTheFilesThatSweepsName) {
  const std::string zip = Dir("made.zip");
  WriteArchive(zip, "zip",
               {{"QQP/train.tsv", "id\tq\n1\ta\n2\t\n"}, {"QQP/dev.tsv", "id\tq\n3\tb\n"}});
  const std::string content = *ReadFile(zip);
  answer_ = [&](const WebRequest& r) { return ServeContent(r, content, "\"z\""); };
  const Wanted wanted =
      Data("q.zip " + std::to_string(content.size()) + " " + DigestOf(content).str(),
           "train.tsv = glue q.zip:train.tsv; dev.tsv = glue q.zip:dev.tsv");
  const Result<Manifest> manifest = Fetch(wanted);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(web_.seen()[0].path, "/data/q.zip");
  EXPECT_EQ(Names(wanted.directory), "dev.tsv eida-fetch.json train.tsv");
  EXPECT_EQ(*ReadFile(JoinPath(wanted.directory, "train.tsv")), "id\tq\n1\ta\n");
  EXPECT_EQ(manifest->files[0].rows, 1);
  EXPECT_EQ(manifest->files[0].dropped, 1);
  EXPECT_THAT(notes_, testing::ElementsAre(HasSubstr("train.tsv: 1 rows without all fields")));
  EXPECT_TRUE(manifest->downloads[0].published);
}

TEST_F(FetchTest, AnArchiveWithAPathOutOfItLeavesNothing) {
  const std::string zip = Dir("made.zip");
  WriteArchive(zip, "zip", {{"train.tsv", "a\tb\n1\t2\n"}, {"../../x", "bad"}});
  const std::string content = *ReadFile(zip);
  answer_ = [&](const WebRequest& r) { return ServeContent(r, content, "\"z\""); };
  const Wanted wanted = Data("q.zip - -", "train.tsv = glue q.zip:train.tsv");
  EXPECT_EQ(Fetch(wanted).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(Names(wanted.directory), ".downloads");
}

TEST_F(FetchTest, AMirrorStandsInFrontOfHostAndPath) {
  answer_ = [&](const WebRequest&) { return WebAnswer{200, "a||b\n"}; };
  settings_.mirror = web_.url("/mirror");
  Wanted wanted = Data("train.txt - -", "train.txt = as_is train.txt");
  wanted.source.from = wanted.identity = "https://example.org/e2e/";
  const Result<Manifest> manifest = Fetch(wanted);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(web_.seen()[0].path, "/mirror/example.org/e2e/train.txt");
  EXPECT_EQ(web_.seen()[0].headers.count("authorization"), 0u);
  EXPECT_EQ(manifest->source, "https://example.org/e2e/");
}

TEST_F(FetchTest, TwoAtATimeInOneDirectoryAreRefused) {
  const Wanted wanted = Model();
  ASSERT_TRUE(MakeDirs(wanted.directory).ok());
  const auto lock = FileLock::Acquire(JoinPath(wanted.directory, ".eida-fetch.lock"));
  ASSERT_TRUE(lock.ok());
  const Result<Manifest> manifest = Fetch(wanted);
  EXPECT_EQ(manifest.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(manifest.status()), HasSubstr("another eidactl fetches into"));
}

}  // namespace
}  // namespace eida::fetch
