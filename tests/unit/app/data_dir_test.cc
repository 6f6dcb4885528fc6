#include "server/app/data_dir.h"

#include "common/base/fs.h"
#include "gmock/gmock.h"

namespace eida::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

FileSystemOf Always(const std::string& type) {
  return [type](const std::string&) -> Result<std::string> { return type; };
}

TEST(DataDirTest, ANetworkFileSystemIsRefusedBeforeAnythingIsMade) {
  const TempDir temp;
  const std::string dir = temp.path() + "/a/data";
  for (const char* type : {"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse.s3fs"}) {
    const Status status = PrepareDataDir(dir, Always(type));
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << type;
    EXPECT_THAT(Message(status), AllOf(HasSubstr("data directory " + dir), HasSubstr(type),
                                       HasSubstr("local disk"), HasSubstr("--data")));
  }
  EXPECT_FALSE(FileExists(temp.path() + "/a"));
}

TEST(DataDirTest, LocalAndUnknownFileSystemsAndMemoryAreUsed) {
  const TempDir temp;
  for (const char* type : {"ext4", "xfs", "overlay", "tmpfs", "fuse.fuse-overlayfs", ""}) {
    EXPECT_TRUE(PrepareDataDir(temp.path() + "/data", Always(type)).ok()) << type;
  }
  const auto broken = [](const std::string&) -> Result<std::string> {
    return Internal("no /proc");
  };
  EXPECT_TRUE(PrepareDataDir(temp.path() + "/data", broken).ok());
}

TEST(DataDirTest, TheNearestDirectoryThatExistsIsAskedAbout) {
  const TempDir temp;
  std::string asked;
  const auto type_of = [&](const std::string& path) -> Result<std::string> {
    asked = path;
    return std::string("ext4");
  };
  EXPECT_TRUE(PrepareDataDir(temp.path() + "/x/y/data", type_of).ok());
  EXPECT_EQ(asked, temp.path());
  EXPECT_TRUE(PrepareDataDir(temp.path() + "/x/y/data", type_of).ok());
  EXPECT_EQ(asked, temp.path() + "/x/y/data");
}

TEST(DataDirTest, TheKernelKnowsTheNameOfAFileSystem) {
  EXPECT_EQ(FileSystemType("/proc").value(), "proc");
  EXPECT_FALSE(FileSystemType("/no/such/path").ok());
}

}  // namespace
}  // namespace eida::app
