// Encoded splits as files: the form, the folder that several processes share, and what names a
// file.
#include "worker/engine/tasks/token_cache.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "common/base/digest.h"
#include "tests/unit/engine/tiny.h"
#include "worker/engine/tasks/task.h"
#include "worker/engine/tasks/token_file.h"
#include "worker/engine/tasks/token_key.h"

namespace eida::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kKey(64, 'a'), kOther(64, 'b'), kThird(64, 'c');

// Two items of an encoder-decoder and their labels: every array has something.
EncodedRows SomeRows(int64_t id = 70'000) {
  EncodedRows rows;
  rows.items = {3, 8};
  rows.labels = {1, 0};
  rows.tokens = {{0, 2, 3}, {101, id, 102}, {0, 1, 0}, {1, 0, 1}};
  rows.decoder = {{0, 1, 2}, {7, 9}, {0, 0}, {0, 1}};
  rows.targets = {9, kNoLabel};
  return rows;
}

std::string Named(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += name + " ";
  return all;
}

class TokenCacheTest : public testing::Test {
 protected:
  std::string Path(const std::string& key) const { return JoinPath(folder_.dir, key); }
  std::vector<std::string> Files() const {
    return ListDir(folder_.dir).value_or(std::vector<std::string>{});
  }
  void Keep(const std::string& key, int64_t id = 70'000) const {
    TokenCache(folder_).Keep(key, TokenFileImage(SomeRows(id), key));
  }
  bool Has(const std::string& key) const { return TokenCache(folder_).Find(key).has_value(); }
  // Bytes as they are, in place of the file of kKey.
  void Replace(const std::string& content) const {
    ASSERT_TRUE(WriteFileAtomic(Path(kKey), content).ok());
  }
  // Runs it in a process of its own, which nothing is shared with but files.
  static pid_t InAProcess(const std::function<bool()>& body) {
    const pid_t child = fork();
    if (child == 0) _exit(body() ? 0 : 1);
    return child;
  }
  static int Wait(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  }

  TempDir dir_{"eida-tokens"};
  TokenFolder folder_{JoinPath(dir_.path(), "made/tokens")};
};

TEST_F(TokenCacheTest, WhatWasKeptIsFoundByItsKeyAlone) {
  EXPECT_FALSE(Has(kKey)) << "before there is a folder";
  Keep(kKey);
  EXPECT_FALSE(Has(kOther));
  const std::optional<Examples> found = TokenCache(folder_).Find(kKey);
  ASSERT_TRUE(found.has_value());
  for (const Examples& examples : {*found, Examples(SomeRows())}) {
    EXPECT_THAT(examples.items, ElementsAre(3, 8));
    EXPECT_THAT(examples.labels, ElementsAre(1, 0));
    EXPECT_THAT(examples.tokens.starts, ElementsAre(0, 2, 3));
    EXPECT_THAT(examples.tokens.ids, ElementsAre(101, 70'000, 102));
    EXPECT_THAT(examples.tokens.types, ElementsAre(0, 1, 0));
    EXPECT_THAT(examples.tokens.special, ElementsAre(1, 0, 1));
    EXPECT_THAT(examples.decoder.starts, ElementsAre(0, 1, 2));
    EXPECT_THAT(examples.decoder.ids, ElementsAre(7, 9));
    EXPECT_THAT(examples.decoder.types, ElementsAre(0, 0));
    EXPECT_THAT(examples.decoder.special, ElementsAre(0, 1));
    EXPECT_THAT(examples.targets, ElementsAre(9, kNoLabel));
    EXPECT_EQ(examples.item_hash, DigestOf("3,8").str().substr(0, 16));
  }
}

TEST_F(TokenCacheTest, TheFormIsThatOfItsVersion) {
  EXPECT_EQ(DigestOf(TokenFileImage(SomeRows(), kKey)).str(),
            "a303d6a20d0c6ee459775908cf57a625bfb0518b58a7bd8dd7896790f6510a25")
      << "other bytes need another kTokenFileVersion";
}

TEST_F(TokenCacheTest, AFlippedBitAnywhereIsSeenAndTheFileThrownAway) {
  const std::string image = TokenFileImage(SomeRows(), kKey);
  Keep(kKey);
  for (size_t at = 0; at < image.size(); ++at) {
    std::string damaged = image;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    Replace(damaged);
    ASSERT_FALSE(Has(kKey)) << "byte " << at;
    ASSERT_THAT(Files(), IsEmpty()) << "byte " << at;
  }
  Keep(kKey);
  EXPECT_TRUE(Has(kKey));
}

TEST_F(TokenCacheTest, AFileOfAnotherLengthIsThrownAway) {
  const std::string image = TokenFileImage(SomeRows(), kKey);
  Keep(kKey);
  for (size_t size = 0; size < image.size(); ++size) {
    Replace(image.substr(0, size));
    ASSERT_FALSE(Has(kKey)) << size << " bytes";
    ASSERT_THAT(Files(), IsEmpty()) << size << " bytes";
  }
  Replace(image + '\0');
  EXPECT_FALSE(Has(kKey));
}

TEST_F(TokenCacheTest, AFileUnderAnothersNameIsThrownAway) {
  Keep(kKey);
  ASSERT_TRUE(RenameFile(Path(kKey), Path(kOther)).ok());
  EXPECT_FALSE(Has(kOther));
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(TokenCacheTest, ProcessesThatWriteAtOnceLeaveOneWholeFile) {
  // Big enough that writers meet in the middle of it.
  EncodedRows rows = SomeRows();
  rows.tokens.ids.resize(200'000, 5);
  const std::string image = TokenFileImage(rows, kKey);
  const auto writes = [&] {
    for (int i = 0; i < 30; ++i) TokenCache(folder_).Keep(kKey, image);
    return true;
  };
  std::vector<pid_t> writers;
  for (int i = 0; i < 4; ++i) writers.push_back(InAProcess(writes));
  int found = 0;
  for (int i = 0; i < 200; ++i) {
    const bool is_there = FileExists(Path(kKey));
    ASSERT_EQ(Has(kKey) || !is_there, true) << "a reader saw a file that is not whole";
    found += is_there ? 1 : 0;
  }
  for (const pid_t writer : writers) EXPECT_EQ(Wait(writer), 0);
  EXPECT_TRUE(Has(kKey));
  EXPECT_THAT(Files(), SizeIs(1)) << Named(Files());
}

TEST_F(TokenCacheTest, AWriterThatIsKilledLeavesNothingThatIsReadAsWhole) {
  EncodedRows rows = SomeRows();
  rows.tokens.ids.resize(4'000'000, 5);
  const std::string image = TokenFileImage(rows, kKey);
  ASSERT_TRUE(MakeDirs(folder_.dir).ok());
  int leftovers = 0;
  for (int i = 0; i < 40 && leftovers < 3; ++i) {
    unlink(Path(kKey).c_str());
    const pid_t writer = InAProcess([&] {
      for (int k = 0; k < 1'000'000; ++k) TokenCache(folder_).Keep(kKey, image);
      return true;
    });
    while (Files().empty()) usleep(100);
    usleep(static_cast<useconds_t>(500 * i));
    kill(writer, SIGKILL);
    Wait(writer);
    for (const std::string& name : Files()) leftovers += name != kKey ? 1 : 0;
    if (FileExists(Path(kKey))) EXPECT_TRUE(Has(kKey));
  }
  EXPECT_GT(leftovers, 0) << "no kill came in the middle";
  Keep(kOther);
  EXPECT_THAT(Files(), testing::AnyOf(ElementsAre(kOther), ElementsAre(kKey, kOther)));
}

TEST_F(TokenCacheTest, ALeftoverGoesAndWhatIsBeingWrittenStays) {
  ASSERT_TRUE(MakeDirs(folder_.dir).ok());
  ASSERT_TRUE(WriteFileAtomic(Path(kOther + ".partial-1-0"), "half").ok());
  const std::string busy = kThird + ".partial-2-0";
  const int writer = open(Path(busy).c_str(), O_WRONLY | O_CREAT, 0644);
  ASSERT_EQ(flock(writer, LOCK_EX), 0);
  Keep(kKey);
  EXPECT_THAT(Files(), ElementsAre(kKey, busy));
  close(writer);
  Keep(kKey);
  EXPECT_THAT(Files(), ElementsAre(kKey));
}

TEST_F(TokenCacheTest, WithoutRoomNothingIsKeptAndNothingFails) {
  const int status = Wait(InAProcess([&] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit small{100, 100};
    if (setrlimit(RLIMIT_FSIZE, &small) != 0) return false;
    Keep(kKey);
    return !Has(kKey);
  }));
  EXPECT_EQ(status, 0);
  EXPECT_THAT(Files(), IsEmpty()) << "the half-written file is gone";
  // A folder that cannot be made.
  ASSERT_TRUE(WriteFileAtomic(JoinPath(dir_.path(), "file"), "").ok());
  folder_.dir = JoinPath(dir_.path(), "file/tokens");
  Keep(kKey);
  EXPECT_FALSE(Has(kKey));
}

TEST_F(TokenCacheTest, AboveItsLimitTheLongestUnusedGoAndReadersGoOn) {
  const auto size = static_cast<int64_t>(TokenFileImage(SomeRows(), kKey).size());
  folder_.limit = 2 * size;
  Keep(kKey);
  Keep(kOther);
  const auto used = [&](const std::string& key, time_t at) {
    const timespec times[2] = {{at, 0}, {at, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, Path(key).c_str(), times, 0), 0);
  };
  used(kKey, 1000);
  used(kOther, 2000);
  ASSERT_TRUE(Has(kKey)) << "which makes it the last used";
  const std::optional<Examples> reader = TokenCache(folder_).Find(kOther);
  used(kOther, 2000);
  Keep(kThird);
  EXPECT_THAT(Files(), ElementsAre(kKey, kThird));
  EXPECT_THAT(reader->tokens.ids, ElementsAre(101, 70'000, 102)) << "its file has no name any more";
  folder_.limit = size - 1;
  Keep(kOther);
  EXPECT_THAT(Files(), ElementsAre(kKey, kThird)) << "what is above the limit is not kept";
}

// A job whose tokens are kept, and the file that holds those of its split `train`.
class TokenKeyTest : public TokenCacheTest {
 protected:
  TokenKeyTest() : job_(tiny_.Make("evaluate", Json::object())) { job_.tokens = folder_; }
  std::string Key() const { return TokenKey(job_, *LoadBase(job_).value(), choice_).value(); }
  Examples Encode() const { return EncodeSplit(job_, *LoadBase(job_).value(), choice_).value(); }
  // A copy of the input, changed.
  void Change(const std::string& role, const std::string& from, const std::string& to) {
    std::string content = ReadFile(job_.inputs.at(role)).value();
    const size_t at = content.find(from);
    ASSERT_NE(at, std::string::npos) << role;
    content.replace(at, from.size(), to);
    const std::string path = JoinPath(dir_.path(), "changed" + std::to_string(++changes_));
    ASSERT_TRUE(WriteFileAtomic(path, content).ok());
    job_.inputs[role] = path;
  }

  Tiny tiny_;
  Job job_;
  ItemChoice choice_{"train", std::nullopt, 0, std::nullopt};
  int changes_ = 0;
};

TEST_F(TokenKeyTest, EqualContentsHaveEqualKeysWhereverTheyLie) {
  const std::string key = Key();
  EXPECT_TRUE(IsDigest(key));
  Change("data/train", "", "");
  Change("model/tokenizer.json", "", "");
  Change("model/config.json", "", "");
  EXPECT_EQ(Key(), key);
  job_.name = "another job";
  job_.spec["seed"] = 7;
  EXPECT_EQ(Key(), key);
}

TEST_F(TokenKeyTest, WhateverDecidesTheIdsChangesTheKey) {
  std::vector<std::string> keys = {Key()};
  const auto differs = [&](const char* what) {
    EXPECT_THAT(keys, testing::Not(testing::Contains(Key()))) << what;
    keys.push_back(Key());
  };
  job_.spec["data"]["max_length"] = 9;
  differs("max_length");
  job_.spec["data"]["limit"] = {{"train", 5}};
  differs("limit");
  choice_.samples = 4;
  differs("samples");
  choice_.item_seed = 1;
  differs("item_seed");
  choice_.half = ItemChoice::Half{3, false};
  differs("half");
  choice_.half->other = true;
  differs("the other half");
  choice_.split = "select";
  differs("split");
  Change("data/train", "\n", "\n\n");
  differs("the data file");
  Change("model/tokenizer.json", "{", "{ ");
  differs("tokenizer.json");
  Change("model/config.json", "{", "{ ");
  differs("config.json");
  job_.inputs["model/tokenizer_config.json"] = job_.inputs.at("model/config.json");
  differs("tokenizer_config.json");
  Change("model/tokenizer_config.json", "{", "{ ");
  differs("what is in tokenizer_config.json");
  job_.spec["model"]["labels"] = 3;
  differs("labels");
}

TEST_F(TokenKeyTest, TheSecondTimeTheFileIsRead) {
  const Examples made = Encode();
  ASSERT_THAT(Files(), ElementsAre(Key()));
  const Examples kept = Encode();
  EXPECT_THAT(kept.tokens.ids, testing::ElementsAreArray(made.tokens.ids));
  // Another's content under this name, well-formed: whoever gives it back has read it.
  const std::string key = Key();
  ASSERT_TRUE(WriteFileAtomic(Path(key), TokenFileImage(SomeRows(), key)).ok());
  EXPECT_THAT(Encode().items, ElementsAre(3, 8));
}

TEST_F(TokenKeyTest, ADamagedFileIsMadeAgain) {
  Encode();
  const std::string path = Path(Key()), whole = Bytes(path);
  std::string damaged = whole;
  damaged[damaged.size() / 2] ^= 4;
  for (const std::string& content : {damaged, whole.substr(0, whole.size() / 2), std::string()}) {
    ASSERT_TRUE(WriteFileAtomic(path, content).ok());
    EXPECT_EQ(Encode().size(), 72);
    EXPECT_EQ(Bytes(path), whole);
  }
}

TEST_F(TokenKeyTest, ErrorsOfTheDataAreSaidEachTimeAndNothingIsKept) {
  Change("data/train", "\t1", "\t5");
  for (int i = 0; i < 2; ++i) {
    const Status refused = EncodeSplit(job_, *LoadBase(job_).value(), choice_).status();
    EXPECT_EQ(ErrorClassOf(refused), "data") << refused;
  }
  job_.inputs["data/train"] = "/nowhere/rows.tsv";
  const Status refused = EncodeSplit(job_, *LoadBase(job_).value(), choice_).status();
  EXPECT_THAT(Message(refused), HasSubstr("/nowhere/rows.tsv"));
  EXPECT_THAT(Files(), IsEmpty());
}

}  // namespace
}  // namespace eida::engine
