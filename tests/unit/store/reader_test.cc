#include "server/store/reader.h"

#include <atomic>
#include <chrono>
#include <thread>

#include "SQLiteCpp/Database.h"
#include "gmock/gmock.h"
#include "server/store/blob_table.h"
#include "tests/unit/store/samples.h"

namespace eida::store {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AddSweep second = SampleStudy(1, 2, SweepId(2), 10);
    second.sweep.idempotency_key = "";
    second.jobs[1].artifacts = {{"curve", "curve", Digest(Hex(9)), 5, ""}};
    ASSERT_OK(store_->Apply({SampleStudy(2, 3), second}));
    reader_ = OpenReader(temp_.path());
  }
  std::vector<int64_t> JobIds(const JobQuery& query) {
    std::vector<int64_t> ids;
    const Result<std::vector<JobRecord>> jobs = reader_->Jobs(query);
    EXPECT_TRUE(jobs.ok()) << jobs.status().ToString();
    if (jobs.ok()) {
      for (const JobRecord& job : *jobs) ids.push_back(job.spec.id.value());
    }
    return ids;
  }

  TempDir temp_;
  std::unique_ptr<Store> store_ = OpenStore(temp_.path());
  std::unique_ptr<Reader> reader_;
};

TEST_F(ReaderTest, SweepsCarryTheirJobCounts) {
  const auto sweeps = *reader_->Sweeps({});
  ASSERT_EQ(sweeps.size(), 2u);
  EXPECT_EQ(sweeps[0].jobs,
            (std::map<JobState, int64_t>{{JobState::kReady, 2}, {JobState::kBlocked, 3}}));
  EXPECT_EQ(sweeps[0].sweep.source, "");
  EXPECT_EQ(sweeps[1].sweep.idempotency_key, "");
  const auto one = *reader_->Sweeps({{SweepId(2), SweepId(7)}, true});
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].sweep.id, SweepId(2));
  EXPECT_EQ(one[0].sweep.source, "name: study\n");
  EXPECT_EQ(one[0].jobs,
            (std::map<JobState, int64_t>{{JobState::kReady, 1}, {JobState::kBlocked, 2}}));
  EXPECT_EQ(*reader_->JobCounts(),
            (std::map<JobState, int64_t>{{JobState::kReady, 3}, {JobState::kBlocked, 5}}));
}

TEST_F(ReaderTest, JobsAreFilteredBySweepKindAndId) {
  EXPECT_EQ(JobIds({}), (std::vector<int64_t>{1, 2, 3, 4, 5, 10, 11, 12}));
  EXPECT_EQ(JobIds({SweepId(2)}), (std::vector<int64_t>{10, 11, 12}));
  EXPECT_EQ(JobIds({SweepId(1), {JobKind::kTrain}}), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(JobIds({{}, {JobKind::kTrain, JobKind::kPath}, {JobId(12), JobId(2), JobId(99)}}),
            (std::vector<int64_t>{2, 12}));
  EXPECT_EQ(JobIds({SweepId(2), {}, {JobId(2)}}), (std::vector<int64_t>{}));
}

TEST_F(ReaderTest, AJobHasItsPartsWhenTheyAreAskedFor) {
  JobQuery query{SweepId(2)};
  EXPECT_EQ(reader_->Jobs(query)->at(1).spec.spec, "");
  EXPECT_EQ(reader_->Jobs(query)->at(1).spec.parents.size(), 5u);
  EXPECT_EQ(reader_->Jobs(query)->at(1).artifacts.at(0).name, "curve");
  query.with_spec = true;
  query.with_parents = query.with_artifacts = false;
  const auto jobs = *reader_->Jobs(query);
  EXPECT_EQ(jobs[1].spec.spec, SampleSpec(11));
  EXPECT_EQ(jobs[1].spec.inputs.size(), 3u);
  EXPECT_THAT(jobs[1].spec.parents, IsEmpty());
  EXPECT_THAT(jobs[1].artifacts, IsEmpty());
}

TEST_F(ReaderTest, RunsComeInGridOrder) {
  const auto runs = *reader_->Runs(SweepId(1));
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].index, 0);
  EXPECT_EQ(runs[1].id, RunId(2));
  EXPECT_THAT(*reader_->Runs(SweepId(9)), IsEmpty());
}

TEST_F(ReaderTest, LogsAndEventsArePagedByCursor) {
  std::vector<Change> changes;
  for (int i = 0; i < 25; ++i) {
    changes.push_back(AddLog{{{JobId(1), 1 + i / 20, i % 20, {i}, "line " + std::to_string(i)}}});
    changes.push_back(AddLog{{{JobId(2), 1, i, {i}, "other"}}});
    changes.push_back(
        AddEvent{{0, {i}, SweepId(1 + i % 2), JobId(1 + i % 2), 1, WorkerId("w"), "started", "m"}});
  }
  ASSERT_OK(store_->Apply(changes));
  LogPage page = *reader_->Logs(JobId(1), 0, 0, 10);
  ASSERT_EQ(page.lines.size(), 10u);
  page = *reader_->Logs(JobId(1), 0, page.cursor, 100);
  ASSERT_EQ(page.lines.size(), 15u);
  EXPECT_EQ(page.lines[0].text, "line 10");
  EXPECT_EQ(page.lines[14].attempt, 2);
  EXPECT_EQ(reader_->Logs(JobId(1), 2, 0, 0)->lines.size(), 5u);
  const LogPage end = *reader_->Logs(JobId(1), 0, page.cursor, 100);
  EXPECT_THAT(end.lines, IsEmpty());
  EXPECT_EQ(end.cursor, page.cursor);

  const auto events = *reader_->Events(SweepId(1), {}, 0, 5);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(reader_->Events(SweepId(1), {}, events[4].id, 0)->size(), 8u);
  EXPECT_EQ(reader_->Events({}, {}, 0, 0)->size(), 25u);
  EXPECT_EQ(reader_->Events(SweepId(1), JobId(2), 0, 0)->size(), 12u);
}

TEST_F(ReaderTest, AWriterWaitsForAnotherProcessesLockAndIsCounted) {
  const int64_t before = BusyWaits();
  SQLite::Database other(DatabasePath(temp_.path()), SQLite::OPEN_READWRITE);
  other.exec("BEGIN IMMEDIATE");
  std::thread release([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    other.exec("COMMIT");
  });
  JobStatus status;
  status.state = JobState::kReady;
  EXPECT_OK(store_->Apply({UpdateJob{JobId(1), JobState::kReady, status}}));
  release.join();
  EXPECT_EQ(BusyWaits(), before + 1);
}

TEST_F(ReaderTest, ReadersOnOtherThreadsNeverFindTheDatabaseBusyAndSeeWholeBatches) {
  const std::unique_ptr<BlobTable> blobs = *BlobTable::Open(temp_.path(), store_->write_mutex());
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  std::vector<std::string> problems(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      while (!stop) {
        // Each batch moves both jobs at once: seeing two different attempts would be half a batch.
        const auto jobs = reader_->Jobs({{}, {}, {JobId(1), JobId(2)}});
        if (!jobs.ok())
          problems[t] = jobs.status().ToString();
        else if ((*jobs)[0].status.attempt != (*jobs)[1].status.attempt)
          problems[t] = "half a batch";
        if (const auto sweeps = reader_->Sweeps({}); !sweeps.ok())
          problems[t] = sweeps.status().ToString();
        ++reads;
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; !stop; ++i) {
      const Status put = blobs->Put(Digest(Hex(i)), std::string(100'000, 'x'));
      if (!put.ok()) problems[3] = put.ToString();
    }
  });
  for (int i = 1; i <= 300; ++i) {
    JobStatus status;
    status.state = JobState::kReady;
    status.attempt = i;
    // The new sweep must never be seen in the counts of jobs but not in the list.
    ASSERT_OK(store_->Apply({UpdateJob{JobId(1), JobState::kReady, status},
                             SampleStudy(2, 0, SweepId(100 + i), 100 * i),
                             UpdateJob{JobId(2), JobState::kReady, status}}));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  for (const std::string& problem : problems) EXPECT_EQ(problem, "");
  EXPECT_GT(reads, 10);
}

TEST_F(ReaderTest, ABackupUnderLoadIsACompleteStore) {
  const std::string copy_dir = JoinPath(temp_.path(), "copy");
  ASSERT_OK(MakeDirs(copy_dir));
  ASSERT_OK(reader_->Backup(DatabasePath(copy_dir)));
  EXPECT_EQ(reader_->Backup(DatabasePath(copy_dir)).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(FileExists(DatabasePath(copy_dir) + ".partial"));
  EXPECT_FALSE(FileExists(DatabasePath(copy_dir) + "-wal"));
  const std::unique_ptr<Store> copy = OpenStore(copy_dir);
  const Result<Snapshot> snapshot = copy->Load();
  ASSERT_OK(snapshot);
  EXPECT_EQ(snapshot->jobs.size(), 8u);
  EXPECT_EQ(snapshot->jobs[7].spec.spec, SampleSpec(12));
  const Status nowhere = reader_->Backup(JoinPath(temp_.path(), "no/such/dir.db"));
  EXPECT_THAT(Message(nowhere), HasSubstr("no/such/dir.db"));
}

TEST_F(ReaderTest, SizesAndSchemaAreThoseOfTheFile) {
  EXPECT_GT(reader_->Sizes()->main + reader_->Sizes()->log, 4096);
  EXPECT_EQ(*reader_->Schema(), store_->schema_version());
}

TEST_F(ReaderTest, BlobsAreStoredOnceAndFound) {
  const std::unique_ptr<BlobTable> blobs = *BlobTable::Open(temp_.path(), store_->write_mutex());
  const std::string bytes("a\0b\xff", 4);
  EXPECT_FALSE(*blobs->Has(Digest(Hex(1))));
  EXPECT_EQ(blobs->Get(Digest(Hex(1))).status().code(), absl::StatusCode::kNotFound);
  ASSERT_OK(blobs->Put(Digest(Hex(1)), bytes));
  ASSERT_OK(blobs->Put(Digest(Hex(1)), bytes));
  ASSERT_OK(blobs->Put(Digest(Hex(2)), ""));
  EXPECT_EQ(*blobs->Get(Digest(Hex(1))), bytes);
  EXPECT_EQ(*blobs->Get(Digest(Hex(2))), "");
  EXPECT_TRUE(*blobs->Has(Digest(Hex(2))));
  EXPECT_EQ(blobs->Count()->bytes, 4);
  EXPECT_EQ(blobs->Count()->objects, 2);
}

}  // namespace
}  // namespace eida::store
