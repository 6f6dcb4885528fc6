#include "common/rpc/token.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "common/base/fs.h"
#include "common/base/json.h"
#include "common/rpc/discovery.h"
#include "gmock/gmock.h"

namespace eida::rpc {
namespace {

using testing::HasSubstr;

int ModeOf(const std::string& path) {
  struct stat info;
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

TEST(TokenTest, TokensAre256BitsAndDiffer) {
  const std::string a = GenerateToken();
  EXPECT_EQ(a.size(), 64u);
  EXPECT_EQ(a.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(a, GenerateToken());
}

TEST(TokenTest, TheFileIsMadeOncePrivatelyAndReadBack) {
  TempDir dir;
  const std::string path = dir.path() + "/token";
  const auto first = LoadOrCreateToken(path);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(ModeOf(path), 0600);
  EXPECT_EQ(*LoadOrCreateToken(path), *first);
  EXPECT_EQ(*ReadToken(path), *first);
}

TEST(TokenTest, AFileThatOthersCanReadIsRefused) {
  TempDir dir;
  const std::string path = dir.path() + "/token";
  ASSERT_TRUE(LoadOrCreateToken(path).ok());
  for (const int mode : {0640, 0604, 0644, 0660}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto token = ReadToken(path);
    ASSERT_FALSE(token.ok()) << mode;
    EXPECT_THAT(Message(token.status()), HasSubstr("chmod 600"));
    EXPECT_FALSE(LoadOrCreateToken(path).ok());
  }
}

TEST(TokenTest, AnEmptyShortOrManyLinedFileIsRefused) {
  TempDir dir;
  const std::string path = dir.path() + "/token";
  for (const std::string& content : {std::string(), std::string("\n"), std::string("x"),
                                     std::string(40, 'a') + "\n" + std::string(40, 'b')}) {
    ASSERT_TRUE(WriteFileAtomic(path, content, 0600).ok());
    EXPECT_FALSE(ReadToken(path).ok()) << content;
  }
  EXPECT_EQ(ReadToken(dir.path() + "/none").status().code(), absl::StatusCode::kNotFound);
}

TEST(TokenTest, ComparisonAndHeader) {
  EXPECT_TRUE(TokensEqual("abc", "abc"));
  EXPECT_FALSE(TokensEqual("abc", "abd"));
  EXPECT_FALSE(TokensEqual("abc", "ab"));
  EXPECT_FALSE(TokensEqual("", "a"));
  EXPECT_EQ(BearerToken("Bearer abc"), "abc");
  EXPECT_EQ(BearerToken("bearer abc "), "abc");
  EXPECT_EQ(BearerToken("Basic abc"), "");
  EXPECT_EQ(BearerToken("Bearer "), "");
  EXPECT_EQ(BearerToken(""), "");
}

class DiscoveryTest : public testing::Test {
 protected:
  DiscoveryTest() { ::setenv("XDG_STATE_HOME", dir_.path().c_str(), 1); }
  ~DiscoveryTest() override { ::unsetenv("XDG_STATE_HOME"); }
  TempDir dir_;
};

TEST_F(DiscoveryTest, AnAnnouncedCoordinatorIsFoundUntilItLeaves) {
  const std::string token_file = dir_.path() + "/token";
  const std::string token = *LoadOrCreateToken(token_file);
  {
    const auto announcement = Announcement::Write(*ParseAddress("127.0.0.1:7171"), token_file);
    ASSERT_TRUE(announcement.ok()) << announcement.status();
    EXPECT_EQ(announcement->path(), dir_.path() + "/eida/servers/127.0.0.1_7171.json");
    EXPECT_EQ(ModeOf(announcement->path()), 0600);
    EXPECT_EQ((*ReadJsonFile(announcement->path()))["pid"], ::getpid());
    EXPECT_EQ(*FindToken("127.0.0.1:7171", ""), token);
    EXPECT_EQ(*FindToken("localhost:7171", ""), token);
    EXPECT_FALSE(FindToken("127.0.0.1:7172", "").ok());
  }
  const auto gone = FindToken("127.0.0.1:7171", "");
  ASSERT_EQ(gone.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(gone.status()), HasSubstr("--token-file"));
}

TEST_F(DiscoveryTest, TheFileOfASuccessorIsLeftAlone) {
  const std::string token_file = dir_.path() + "/token";
  ASSERT_TRUE(LoadOrCreateToken(token_file).ok());
  std::string path;
  {
    auto announcement = Announcement::Write(*ParseAddress("127.0.0.1:7171"), token_file);
    path = announcement->path();
    ASSERT_TRUE(WriteFileAtomic(path, R"({"address":"x","token_file":"y","pid":1})", 0600).ok());
  }
  EXPECT_TRUE(FileExists(path));
}

TEST_F(DiscoveryTest, AnExplicitFileWinsAndMustBeReadable) {
  const std::string token_file = dir_.path() + "/mine";
  const std::string token = *LoadOrCreateToken(token_file);
  EXPECT_EQ(*FindToken("10.0.0.1:1", token_file), token);
  EXPECT_FALSE(FindToken("10.0.0.1:1", dir_.path() + "/other").ok());
}

}  // namespace
}  // namespace eida::rpc
