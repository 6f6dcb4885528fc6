#include "worker/agent/cache.h"

#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>
#include <vector>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "gtest/gtest.h"

namespace eida::agent {
namespace {

class CacheTest : public ::testing::Test {
 protected:
  void Open(int64_t limit = 0) {
    cache_ = Cache::Open(JoinPath(dir_.path(), "cache"), limit).value();
  }
  // Fetches `content` from a source that counts.
  Result<Pin> Get(const std::string& content) {
    return cache_->Fetch(DigestOf(content), [&, content](const std::string& path) {
      ++downloads_;
      return WriteFileAtomic(path, content);
    });
  }
  static void Overwrite(const std::string& path, const std::string& content) {
    ASSERT_EQ(chmod(path.c_str(), 0644), 0);
    std::ofstream(path, std::ios::trunc) << content;
  }

  TempDir dir_{"eida-cache"};
  std::unique_ptr<Cache> cache_;
  std::atomic<int> downloads_ = 0;
};

TEST_F(CacheTest, AFileIsDownloadedOnceAndReadOnly) {
  Open();
  {
    const auto pin = Get("hello");
    ASSERT_TRUE(pin.ok());
    EXPECT_EQ(ReadFile(pin->path()).value(), "hello");
    struct stat info {};
    ASSERT_EQ(stat(pin->path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0444u);
  }
  EXPECT_TRUE(Get("hello").ok());
  EXPECT_EQ(downloads_, 1);
  Open();  // another process
  EXPECT_TRUE(Get("hello").ok());
  EXPECT_EQ(downloads_, 1);
  EXPECT_EQ(cache_->Bytes(), 5);
}

TEST_F(CacheTest, DamageOfTheSameLengthIsFoundAndMended) {
  Open();
  const std::string path = Get("hello")->path();
  Overwrite(path, "hellO");
  EXPECT_EQ(ReadFile(Get("hello")->path()).value(), "hello");
  EXPECT_EQ(downloads_, 2);
  Overwrite(path, "hellO");
  Open();  // damage that happened while no worker ran
  EXPECT_EQ(ReadFile(Get("hello")->path()).value(), "hello");
  EXPECT_EQ(downloads_, 3);
}

TEST_F(CacheTest, ADownloadWithOtherContentIsNotKept) {
  Open();
  const auto pin = cache_->Fetch(
      DigestOf("right"), [](const std::string& path) { return WriteFileAtomic(path, "wrong"); });
  EXPECT_EQ(pin.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(cache_->Bytes(), 0);
  EXPECT_TRUE(ListDir(JoinPath(dir_.path(), "cache/incoming")).value().empty());
  EXPECT_TRUE(Get("right").ok());
}

TEST_F(CacheTest, AFailedDownloadLeavesNothingAndIsPassedOn) {
  Open();
  const auto pin = cache_->Fetch(DigestOf("x"), [](const std::string& path) {
    std::ofstream(path) << "half";
    return ErrnoStatus(ENOSPC, path);
  });
  EXPECT_EQ(pin.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(ListDir(JoinPath(dir_.path(), "cache/incoming")).value().empty());
}

TEST_F(CacheTest, NamesFromOutsideNeverTouchAPath) {
  Open();
  const auto pin =
      cache_->Fetch(Digest("../../etc/passwd"), [](const std::string&) { return OkStatus(); });
  EXPECT_EQ(pin.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(CacheTest, ManyThatWantOneFileShareOneDownload) {
  Open();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto pin = cache_->Fetch(DigestOf("shared"), [&](const std::string& path) {
        ++downloads_;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return WriteFileAtomic(path, "shared");
      });
      EXPECT_TRUE(pin.ok());
    });
  }
  threads.clear();
  EXPECT_EQ(downloads_, 1);
}

TEST_F(CacheTest, TheOldestUnusedFilesGoFirst) {
  Open(12);
  auto held = Get("aaaa");
  ASSERT_TRUE(Get("bbbb").ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(Get("cccc").ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(Get("bbbb").ok());  // used again: now younger than cccc
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(Get("dddd").ok());
  EXPECT_EQ(cache_->Bytes(), 12);
  EXPECT_EQ(downloads_, 4);
  ASSERT_TRUE(Get("aaaa").ok());
  ASSERT_TRUE(Get("bbbb").ok());
  EXPECT_EQ(downloads_, 4);
  ASSERT_TRUE(Get("cccc").ok());
  EXPECT_EQ(downloads_, 5);
  EXPECT_TRUE(FileExists(held->path()));
}

TEST_F(CacheTest, AdoptTakesAFileInByItsContent) {
  Open();
  const std::string path = JoinPath(dir_.path(), "result");
  ASSERT_TRUE(WriteFileAtomic(path, "result").ok());
  {
    const auto added = cache_->Adopt(path);
    ASSERT_TRUE(added.ok());
    EXPECT_EQ(added->digest, DigestOf("result"));
    EXPECT_EQ(added->size, 6);
    EXPECT_FALSE(FileExists(path));
    cache_->Drop(added->digest);  // in use: stays
    EXPECT_TRUE(Get("result").ok());
  }
  EXPECT_EQ(downloads_, 0);
  cache_->Drop(DigestOf("result"));
  EXPECT_EQ(cache_->Bytes(), 0);
  EXPECT_TRUE(Get("result").ok());
  EXPECT_EQ(downloads_, 1);
}

}  // namespace
}  // namespace eida::agent
