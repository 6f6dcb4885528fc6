#include "server/artifacts/blobs.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <thread>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/base/rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/store/blob_table.h"

namespace eida::artifacts {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kSmall = 1000;

// Small content in a map, which tests may damage.
class MapBlobs : public SmallBlobs {
 public:
  Result<std::string> Get(const Digest& digest) const override {
    const auto it = map.find(digest);
    if (it == map.end()) return NotFound("artifact " + digest.str() + " is not stored");
    return it->second;
  }
  Status Put(const Digest& digest, const std::string& content) override {
    ++puts;
    map[digest] = content;
    return OkStatus();
  }
  Result<bool> Has(const Digest& digest) const override { return map.count(digest) != 0; }
  Result<Total> Count() const override {
    Total total;
    for (const auto& [digest, content] : map)
      total.bytes += static_cast<int64_t>(content.size()), ++total.objects;
    return total;
  }
  std::map<Digest, std::string> map;
  int puts = 0;
};

std::string Content(int64_t size, uint64_t seed = 1) {
  Rng rng(seed);
  std::string content(static_cast<size_t>(size), '\0');
  for (char& c : content) c = static_cast<char>(rng.Next());
  return content;
}

class BlobsTest : public ::testing::Test {
 protected:
  BlobsTest() { Open(); }
  void Open() {
    blobs_.reset();
    BlobsOptions options;
    options.dir = dir_;
    options.small_limit = kSmall;
    options.max_size = 10'000'000;
    options.keep_free = 100;
    options.disk_space = [this]() -> Result<DiskSpace> { return space_; };
    options.on_damage = [this](const std::string& message) { damage_.push_back(message); };
    Result<std::unique_ptr<Blobs>> blobs = Blobs::Open(options, small_);
    ASSERT_TRUE(blobs.ok()) << blobs.status().ToString();
    blobs_ = std::move(blobs).value();
  }
  Status Put(const Digest& digest, const std::string& content, bool* existed = nullptr) {
    EIDA_ASSIGN_OR_RETURN(const std::unique_ptr<BlobWriter> writer,
                          blobs_->NewWriter(digest, static_cast<int64_t>(content.size())));
    for (size_t at = 0; at < content.size(); at += 7000) {
      EIDA_RETURN_IF_ERROR(writer->Append(std::string_view(content).substr(at, 7000)));
    }
    EIDA_RETURN_IF_ERROR(writer->Commit());
    if (existed != nullptr) *existed = writer->existed();
    return OkStatus();
  }
  Digest Put(const std::string& content) {
    const Digest digest = DigestOf(content);
    const Status status = Put(digest, content);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return digest;
  }
  std::string PathOf(const Digest& digest) {
    return JoinPath(JoinPath(dir_, digest.str().substr(0, 2)), digest.str().substr(2));
  }
  std::vector<std::string> Incoming() { return *ListDir(JoinPath(dir_, "incoming")); }
  void FlipByte(const std::string& path, int64_t at) {
    const int fd = open(path.c_str(), O_RDWR);
    ASSERT_GE(fd, 0);
    char c = 0;
    ASSERT_EQ(pread(fd, &c, 1, at), 1);
    c = static_cast<char>(c ^ 1);
    ASSERT_EQ(pwrite(fd, &c, 1, at), 1);
    close(fd);
  }

  TempDir temp_;
  const std::string dir_ = JoinPath(temp_.path(), "blobs");
  MapBlobs small_;
  DiskSpace space_{1 << 30, int64_t{1} << 31};
  std::vector<std::string> damage_;
  std::unique_ptr<Blobs> blobs_;
};

TEST_F(BlobsTest, SmallContentGoesToTheDatabaseAndLargeContentToFiles) {
  for (const int64_t size : {int64_t{0}, int64_t{1}, kSmall, kSmall + 1, int64_t{200'000}}) {
    const std::string content = Content(size, static_cast<uint64_t>(size));
    const Digest digest = DigestOf(content);
    EXPECT_FALSE(*blobs_->Has(digest));
    Put(content);
    EXPECT_TRUE(*blobs_->Has(digest));
    EXPECT_EQ(*blobs_->ReadAll(digest, 1'000'000), content);
    EXPECT_EQ(small_.map.count(digest), size <= kSmall ? 1u : 0u);
    EXPECT_EQ(FileExists(PathOf(digest)), size > kSmall);
  }
  EXPECT_THAT(Incoming(), IsEmpty());
  const BlobUsage usage = *blobs_->Usage();
  EXPECT_EQ(usage.objects, 5);
  EXPECT_EQ(usage.bytes, 1 + kSmall + kSmall + 1 + 200'000);
  EXPECT_EQ(usage.free, space_.free);
  EXPECT_EQ(usage.capacity, space_.capacity);
  Open();
  EXPECT_EQ(blobs_->Usage()->bytes, usage.bytes);
  EXPECT_EQ(blobs_->Usage()->objects, usage.objects);
}

TEST_F(BlobsTest, PuttingTheSameAgainStoresNothing) {
  for (const int64_t size : {kSmall, 5 * kSmall}) {
    const std::string content = Content(size);
    const Digest digest = Put(content);
    bool existed = false;
    EXPECT_TRUE(Put(digest, content, &existed).ok());
    EXPECT_TRUE(existed);
  }
  EXPECT_EQ(small_.puts, 1);
  EXPECT_EQ(blobs_->Usage()->objects, 2);
}

TEST_F(BlobsTest, ContentThatIsNotWhatWasAnnouncedIsNeverVisible) {
  for (const int64_t size : {kSmall, 5 * kSmall}) {
    const std::string content = Content(size);
    const Digest other = DigestOf("something else");
    const Status wrong = Put(other, content);
    EXPECT_EQ(wrong.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(Message(wrong), HasSubstr(DigestOf(content).str()));
    EXPECT_FALSE(*blobs_->Has(other));

    const auto writer = *blobs_->NewWriter(DigestOf(content), size);
    ASSERT_TRUE(writer->Append(content.substr(1)).ok());
    EXPECT_THAT(Message(writer->Append("ab")), HasSubstr("more than the announced"));
    EXPECT_THAT(Message(writer->Commit()),
                HasSubstr("bytes were sent, " + std::to_string(size) + " were announced"));
    EXPECT_FALSE(*blobs_->Has(DigestOf(content)));
  }
  EXPECT_EQ(blobs_->Usage()->objects, 0);
  EXPECT_EQ(small_.puts, 0);
}

TEST_F(BlobsTest, AnAbandonedUploadLeavesNothingAndOneOfADeadProcessIsSwept) {
  const std::string content = Content(5 * kSmall);
  {
    const auto writer = *blobs_->NewWriter(DigestOf(content), 5 * kSmall);
    ASSERT_TRUE(writer->Append(content.substr(0, 2000)).ok());
    EXPECT_EQ(Incoming().size(), 1u);
    EXPECT_FALSE(*blobs_->Has(DigestOf(content)));
  }
  EXPECT_THAT(Incoming(), IsEmpty());
  ASSERT_TRUE(WriteFileAtomic(JoinPath(dir_, "incoming/17"), "half").ok());
  Open();
  EXPECT_THAT(Incoming(), IsEmpty());
  EXPECT_EQ(blobs_->Usage()->objects, 0);
}

TEST_F(BlobsTest, NamesThatAreNoDigestsNeverReachAPath) {
  for (const std::string& name : {std::string("../../etc/passwd"), std::string(64, 'A'),
                                  std::string(""), std::string(63, 'a')}) {
    EXPECT_EQ(blobs_->Has(Digest(name)).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(blobs_->NewReader(Digest(name)).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(blobs_->NewWriter(Digest(name), 1).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(BlobsTest, SizesOutOfBoundsAreRefused) {
  EXPECT_EQ(blobs_->NewWriter(DigestOf("x"), -1).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(blobs_->NewWriter(DigestOf("x"), 10'000'001).status().code(),
            absl::StatusCode::kInvalidArgument);
  const Digest digest = Put(Content(5 * kSmall));
  EXPECT_EQ(blobs_->ReadAll(digest, kSmall).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(BlobsTest, AFlippedBitInAFileIsFoundNamedAndHealedByAnotherPut) {
  const std::string content = Content(50'000);
  const Digest digest = Put(content);
  FlipByte(PathOf(digest), 33'333);
  const auto reader = *blobs_->NewReader(digest);
  std::string received;
  Status status;
  while (status.ok()) {
    Result<std::string> piece = reader->Read(8192);
    status = piece.status();
    if (piece.ok()) {
      ASSERT_FALSE(piece->empty()) << "a damaged blob was handed out whole";
      received += *piece;
    }
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(status), HasSubstr(PathOf(digest)));
  EXPECT_THAT(Message(status), HasSubstr(digest.str()));
  EXPECT_LT(received.size(), content.size());
  EXPECT_EQ(damage_.size(), 1u);
  EXPECT_FALSE(*blobs_->Has(digest)) << "whoever has it should be asked to send it again";
  bool existed = false;
  ASSERT_TRUE(Put(digest, content, &existed).ok());
  EXPECT_TRUE(*blobs_->Has(digest));
  EXPECT_EQ(*blobs_->ReadAll(digest, 100'000), content);
  EXPECT_EQ(blobs_->Usage()->objects, 1);
}

TEST_F(BlobsTest, ATruncatedFileIsFound) {
  const Digest digest = Put(Content(50'000));
  ASSERT_EQ(truncate(PathOf(digest).c_str(), 100), 0);
  EXPECT_EQ(blobs_->ReadAll(digest, 100'000).status().code(), absl::StatusCode::kDataLoss);
  ASSERT_EQ(truncate(PathOf(digest).c_str(), 0), 0);
  EXPECT_EQ(blobs_->ReadAll(digest, 100'000).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(BlobsTest, DamageInTheDatabaseIsFoundAndHealedByAnotherPut) {
  const std::string content = Content(500);
  const Digest digest = Put(content);
  small_.map[digest][77] ^= 1;
  const Status status = blobs_->NewReader(digest).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(status), HasSubstr("damaged in the database"));
  EXPECT_FALSE(*blobs_->Has(digest));
  ASSERT_TRUE(Put(digest, content).ok());
  EXPECT_EQ(*blobs_->ReadAll(digest, 1000), content);
}

TEST_F(BlobsTest, WhatIsNotThereIsNotFoundByName) {
  const Status status = blobs_->NewReader(DigestOf("nothing")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(status), HasSubstr(DigestOf("nothing").str()));
}

TEST_F(BlobsTest, AnUploadThatDoesNotFitIsRefusedBeforeAByteIsWritten) {
  space_.free = 5'000;
  const Status status = blobs_->NewWriter(DigestOf("x"), 4'901).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Message(status), HasSubstr("need 4.8 KiB, have 4.8 KiB"));
  EXPECT_TRUE(blobs_->NewWriter(DigestOf("x"), 4'900).ok());
  EXPECT_THAT(Incoming(), IsEmpty());
}

TEST_F(BlobsTest, UploadsThatRunTogetherCannotTakeTheSameSpace) {
  space_.free = 10'100;
  const std::string content = Content(6'000);
  {
    const auto first = *blobs_->NewWriter(DigestOf(content), 6'000);
    EXPECT_FALSE(blobs_->NewWriter(DigestOf("y"), 6'000).ok());
    ASSERT_TRUE(first->Append(content).ok());
    space_.free -= 6'000;  // what was written is no longer promised but gone
    EXPECT_TRUE(blobs_->NewWriter(DigestOf("z"), 4'000).ok());
    ASSERT_TRUE(first->Commit().ok());
  }
  EXPECT_TRUE(blobs_->NewWriter(DigestOf("z"), 4'000).ok());
  EXPECT_FALSE(blobs_->NewWriter(DigestOf("z"), 4'001).ok());
}

TEST_F(BlobsTest, ADiskThatFillsUpMeanwhileFailsTheUploadAndLeavesNothing) {
  const std::string content = Content(100'000);
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{50'000, old.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const Status status = Put(DigestOf(content), content);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(Message(status), HasSubstr("write " + dir_));
  EXPECT_FALSE(*blobs_->Has(DigestOf(content)));
  EXPECT_THAT(Incoming(), IsEmpty());
  EXPECT_TRUE(Put(DigestOf(content), content).ok());
}

TEST_F(BlobsTest, ConcurrentUploadsOfTheSameAndOfDifferentContentAllEndWell) {
  std::vector<std::thread> threads;
  std::vector<Status> results(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10 && results[t].ok(); ++i) {
        const std::string content = Content(20'000, static_cast<uint64_t>(i));
        results[t] = Put(DigestOf(content), content);
        if (results[t].ok()) results[t] = blobs_->ReadAll(DigestOf(content), 100'000).status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& status : results) EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(blobs_->Usage()->objects, 10);
  EXPECT_EQ(blobs_->Usage()->bytes, 200'000);
}

// Both kinds of content survive a kill once Commit has returned, with the real table below.
TEST(BlobsCrashTest, CommittedBlobsSurviveAKillAndUnfinishedOnesLeaveNoTrace) {
  TempDir temp;
  const std::string blob_dir = JoinPath(temp.path(), "blobs");
  const auto open_all = [&](auto&& use) {
    const auto store = store::Store::Open({temp.path(), nullptr});
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    const auto table = store::BlobTable::Open(temp.path(), (*store)->write_mutex());
    ASSERT_TRUE(table.ok()) << table.status().ToString();
    SmallBlobsOver<store::BlobTable> small(**table);
    BlobsOptions options;
    options.dir = blob_dir;
    options.small_limit = kSmall;
    options.keep_free = 0;
    const auto blobs = Blobs::Open(options, small);
    ASSERT_TRUE(blobs.ok()) << blobs.status().ToString();
    use(**blobs);
  };
  const auto put = [](Blobs& blobs, const std::string& content) {
    const auto writer = blobs.NewWriter(DigestOf(content), static_cast<int64_t>(content.size()));
    return writer.ok() && (*writer)->Append(content).ok() && (*writer)->Commit().ok();
  };
  Rng rng(7);
  uint64_t seen = 0;
  for (int round = 0; round < 10; ++round) {
    int fds[2];
    ASSERT_EQ(pipe(fds), 0);
    const pid_t child = fork();
    if (child == 0) {
      open_all([&](Blobs& blobs) {
        for (uint64_t i = seen + 1;; ++i) {
          if (!put(blobs, Content(500, i)) || !put(blobs, Content(300'000, i))) _exit(3);
          if (write(fds[1], &i, sizeof i) != sizeof i) _exit(4);
        }
      });
      _exit(5);
    }
    close(fds[1]);
    for (uint64_t wait = rng.Below(4); wait > 0; --wait) {
      ASSERT_EQ(read(fds[0], &seen, sizeof seen), ssize_t{sizeof seen});
    }
    usleep(static_cast<useconds_t>(rng.Below(20'000)));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
    for (uint64_t one = 0; read(fds[0], &one, sizeof one) == sizeof one;) seen = one;
    close(fds[0]);
    open_all([&](Blobs& blobs) {
      EXPECT_THAT(*ListDir(JoinPath(blob_dir, "incoming")), IsEmpty());
      for (uint64_t i = 1; i <= seen; ++i) {
        for (const int64_t size : {500, 300'000}) {
          const Result<std::string> content = blobs.ReadAll(DigestOf(Content(size, i)), 1 << 20);
          EXPECT_TRUE(content.ok()) << content.status().ToString();
        }
      }
    });
  }
  EXPECT_GT(seen, 3u) << "the child hardly wrote anything: the test proves nothing";
}

}  // namespace
}  // namespace eida::artifacts
