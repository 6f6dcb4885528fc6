#include "client/fetch/unpack.h"

#include "common/base/fs.h"
#include "gmock/gmock.h"
#include "tests/unit/fetch/archives.h"

namespace eida::fetch {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class UnpackTest : public testing::TestWithParam<const char*> {
 protected:
  Result<std::map<std::string, std::string>> Read(const std::vector<Member>& members,
                                                  const std::vector<std::string>& wanted) {
    WriteArchive(path_, GetParam(), members);
    return ReadMembers(path_, wanted, {});
  }
  TempDir dir_;
  std::string path_ = JoinPath(dir_.path(), "archive");
};

TEST_P(UnpackTest, MembersAreFoundByTheEndOfTheirPath) {
  const auto found = Read({{"SST-2/", "", AE_IFDIR},
                           {"SST-2/train.tsv", "train"},
                           {"SST-2/original/train.tsv.bak", "no"},
                           {"__MACOSX/SST-2/._train.tsv", "no"},
                           {"SST-2/dev.tsv", "dev"}},
                          {"train.tsv", "SST-2/dev.tsv"});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->at("train.tsv"), "train");
  EXPECT_EQ(found->at("SST-2/dev.tsv"), "dev");
}

TEST_P(UnpackTest, APathOutOfTheDirectoryRefusesTheWholeArchive) {
  for (const char* name : {"../train.tsv", "a/../../train.tsv", "/etc/train.tsv", "a\\..\\x"}) {
    const auto found = Read({{"train.tsv", "good"}, {name, "bad"}}, {"train.tsv"});
    EXPECT_EQ(found.status().code(), StatusCode::kDataLoss) << name;
    EXPECT_THAT(Message(found.status()), HasSubstr("a path out of its directory")) << name;
  }
}

TEST_P(UnpackTest, ALinkIsNoFile) {
  const auto found = Read({{"d/train.tsv", "/etc/passwd", AE_IFLNK}}, {"train.tsv"});
  EXPECT_EQ(found.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(Message(found.status()), HasSubstr("is a link"));
}

TEST_P(UnpackTest, WhatIsMissingIsToldWithWhatIsThere) {
  const auto found = Read({{"a/other.tsv", "x"}}, {"train.tsv"});
  EXPECT_EQ(found.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(Message(found.status()), HasSubstr("has no train.tsv (it has a/other.tsv)"));
}

TEST_P(UnpackTest, WhatIsThereTwiceIsRefused) {
  EXPECT_EQ(Read({{"a/x.tsv", "1"}, {"b/x.tsv", "2"}}, {"x.tsv"}).status().code(),
            StatusCode::kDataLoss);
}

TEST_P(UnpackTest, ADamagedArchiveIsNamed) {
  WriteArchive(path_, GetParam(), {{"x.tsv", std::string(100'000, 'x') + "end"}});
  std::string content = *ReadFile(path_);
  content.resize(content.size() / 3);
  ASSERT_TRUE(WriteFileAtomic(path_, content).ok());
  const auto found = ReadMembers(path_, {"x.tsv"}, {});
  EXPECT_EQ(found.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(Message(found.status()), HasSubstr(path_));
}

INSTANTIATE_TEST_SUITE_P(Formats, UnpackTest, testing::Values("zip", "tar.gz"),
                         [](const auto& info) { return info.param[0] == 'z' ? "zip" : "tar"; });

TEST(UnpackKindTest, APageThatIsNoArchiveIsRefused) {
  TempDir dir;
  const std::string path = JoinPath(dir.path(), "x.zip");
  ASSERT_TRUE(WriteFileAtomic(path, "<html>not here any more</html>").ok());
  EXPECT_EQ(ReadMembers(path, {"x"}, {}).status().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace eida::fetch
