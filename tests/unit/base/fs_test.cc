#include "common/base/fs.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/digest.h"
#include "gtest/gtest.h"

namespace eida {
namespace {

TEST(FsTest, WriteFileAtomicReplacesAndLeavesNoTemporary) {
  TempDir dir;
  const std::string path = JoinPath(dir.path(), "a");
  ASSERT_TRUE(WriteFileAtomic(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomic(path, std::string("two\0three", 9)).ok());
  EXPECT_EQ(*ReadFile(path), std::string("two\0three", 9));
  EXPECT_EQ(ListDir(dir.path())->size(), 1u);
}

TEST(FsTest, AWriterThatIsKilledNeverLeavesAHalfFile) {
  TempDir dir;
  const std::string path = JoinPath(dir.path(), "a");
  const std::string x(200'000, 'x'), y(300'000, 'y');
  ASSERT_TRUE(WriteFileAtomic(path, x).ok());
  for (int round = 0; round < 10; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      for (;;) {
        WriteFileAtomic(path, y).IgnoreError();
        WriteFileAtomic(path, x).IgnoreError();
      }
    }
    usleep(1500 * (round + 1));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::string content = *ReadFile(path);
    EXPECT_TRUE(content == x || content == y) << content.size();
  }
}

TEST(FsTest, MissingFilesAreNotFoundAndNamed) {
  const Result<std::string> result = ReadFile("/nowhere/at/all");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(Message(result.status()).find("/nowhere/at/all"), std::string::npos);
}

TEST(FsTest, WritingIntoAMissingDirectoryFails) {
  TempDir dir;
  EXPECT_FALSE(WriteFileAtomic(JoinPath(dir.path(), "no/such/a"), "x").ok());
}

TEST(FsTest, TempDirGoesWithItsObject) {
  std::string path;
  {
    TempDir dir;
    path = dir.path();
    ASSERT_TRUE(MakeDirs(JoinPath(path, "a/b/c")).ok());
    ASSERT_TRUE(IsDirectory(JoinPath(path, "a/b/c")));
  }
  EXPECT_FALSE(FileExists(path));
}

TEST(FsTest, AFileLockExcludesOtherProcesses) {
  TempDir dir;
  const std::string path = JoinPath(dir.path(), "lock");
  Result<FileLock> lock = FileLock::Acquire(path);
  ASSERT_TRUE(lock.ok());
  const pid_t child = fork();
  if (child == 0)
    _exit(FileLock::Acquire(path).status().code() == absl::StatusCode::kUnavailable ? 7 : 0);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(FsTest, PathsJoinAndSplit) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(DirName("a/b"), "a");
  EXPECT_EQ(DirName("b"), ".");
  EXPECT_EQ(BaseName("a/b"), "b");
}

TEST(DigestTest, KnownValues) {
  EXPECT_EQ(DigestOf("").str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(DigestOf("abc").str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestTest, AFileHasTheDigestOfItsContent) {
  TempDir dir;
  const std::string path = JoinPath(dir.path(), "big");
  const std::string content(3'000'001, 'q');
  ASSERT_TRUE(WriteFileAtomic(path, content).ok());
  EXPECT_EQ(*DigestOfFile(path), DigestOf(content));
  EXPECT_FALSE(DigestOfFile(path + "x").ok());
}

TEST(DigestTest, OnlyLowerCaseHexOfTheRightLengthIsADigest) {
  EXPECT_TRUE(IsDigest(DigestOf("x").str()));
  EXPECT_FALSE(IsDigest("../../etc/passwd"));
  EXPECT_FALSE(IsDigest(std::string(64, 'A')));
  EXPECT_FALSE(IsDigest(std::string(63, 'a')));
}

TEST(StatusTest, AnErrnoTellsWhetherSomebodyMustActOrItMayPass) {
  for (const int full : {ENOSPC, EDQUOT, EFBIG, EROFS})
    EXPECT_EQ(ErrnoStatus(full, "x").code(), absl::StatusCode::kFailedPrecondition) << full;
  for (const int passing : {EMFILE, EIO})
    EXPECT_EQ(ErrnoStatus(passing, "x").code(), absl::StatusCode::kUnavailable) << passing;
  EXPECT_EQ(ErrnoStatus(EBADF, "x").code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Message(ErrnoStatus(ENOSPC, "write a/b")), "write a/b: No space left on device");
}

}  // namespace
}  // namespace eida
