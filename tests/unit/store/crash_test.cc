// What was acknowledged survives a SIGKILL at any moment, and a batch is there as a whole or not at
// all.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

#include "common/base/clock.h"
#include "common/base/rng.h"
#include "tests/sanitizers/sanitized.h"
#include "tests/unit/store/samples.h"

namespace eida::store {
namespace {

JobStatus Step(Attempt attempt) {
  JobStatus status;
  status.state = JobState::kReady;
  status.attempt = attempt;
  return status;
}

// Writes batches for ever, each to both jobs and to the event list, and acknowledges each on `ack`.
[[noreturn]] void WriteUntilKilled(const std::string& dir, int ack) {
  Result<std::unique_ptr<Store>> store = Store::Open({dir, nullptr});
  if (!store.ok()) _exit(3);
  const Result<Snapshot> snapshot = (*store)->Load();
  if (!snapshot.ok()) _exit(4);
  for (Attempt next = snapshot->jobs[0].status.attempt + 1;; ++next) {
    EventRecord event;
    event.type = "step";
    event.attempt = next;
    const AddMetrics metrics{JobId(1), next, {{"loss", next, 1.0 / next}}};
    if (!(*store)
             ->Apply({UpdateJob{JobId(1), JobState::kReady, Step(next)}, AddEvent{event}, metrics,
                      UpdateJob{JobId(2), JobState::kReady, Step(next)}})
             .ok()) {
      _exit(5);
    }
    if (write(ack, &next, sizeof next) != sizeof next) _exit(6);
  }
}

TEST(CrashTest, AcknowledgedBatchesSurviveAKillAtAnyMoment) {
  TempDir temp;
  ASSERT_OK(OpenStore(temp.path())->Apply({SampleStudy(2, 0)}));
  Rng rng(20261123);
  Attempt last = 0;
  for (int round = 0; round < 25; ++round) {
    int pipe_fds[2];
    ASSERT_EQ(pipe(pipe_fds), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(pipe_fds[0]);
      WriteUntilKilled(temp.path(), pipe_fds[1]);
    }
    close(pipe_fds[1]);
    Attempt acknowledged = last;
    // Every third child dies at any time, perhaps while it opens the store; the others after some
    // batches.
    for (uint64_t wait = round % 3 == 0 ? 0 : 1 + rng.Below(8); wait > 0; --wait) {
      ASSERT_EQ(read(pipe_fds[0], &acknowledged, sizeof acknowledged),
                ssize_t{sizeof acknowledged});
    }
    usleep(static_cast<useconds_t>(rng.Below(round % 3 == 0 ? 60'000 : 10'000)));
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child left by itself: exit " << WEXITSTATUS(status);
    for (Attempt one = 0; read(pipe_fds[0], &one, sizeof one) == sizeof one;) acknowledged = one;
    close(pipe_fds[0]);

    const std::unique_ptr<Store> store = OpenStore(temp.path());
    ASSERT_NE(store, nullptr);
    const Result<Snapshot> snapshot = store->Load();
    ASSERT_OK(snapshot);
    last = snapshot->jobs[0].status.attempt;
    EXPECT_GE(last, acknowledged) << "round " << round;
    EXPECT_LE(last, acknowledged + 1);
    EXPECT_EQ(snapshot->jobs[1].status.attempt, last) << "half a batch";
    const std::unique_ptr<Reader> reader = OpenReader(temp.path());
    EXPECT_EQ(reader->Events({}, {}, 0, 1'000'000)->size(), static_cast<size_t>(last));
    if (last == 0) continue;
    EXPECT_EQ(reader->Metrics({}, JobId(1), "loss")->at(0).points.size(),
              static_cast<size_t>(last));
  }
  EXPECT_GT(last, 25) << "the child hardly wrote anything: the test proves nothing";
  std::printf("[ timing  ] 25 kills over %d batches, none lost\n", last);
}

TEST(StoreTimingTest, FiveThousandPathJobsAndTenThousandUpdates) {
  TempDir temp;
  const std::unique_ptr<Store> store = OpenStore(temp.path());
  const AddSweep study = SampleStudy(100, 5000);
  const std::clock_t insert = std::clock();
  ASSERT_OK(store->Apply({study}));
  const double inserted = static_cast<double>(std::clock() - insert) / CLOCKS_PER_SEC;

  std::vector<Change> updates;
  for (int i = 0; i < 10'000; ++i) {
    const JobRecord& job = study.jobs[i % study.jobs.size()];
    JobStatus status = job.status;
    status.attempt = 1 + i / static_cast<int>(study.jobs.size());
    status.summary = R"({"convexity_gap":0.0123,"barrier":0.4})";
    updates.push_back(UpdateJob{job.spec.id, job.status.state, status});
  }
  const Stopwatch one_batch;
  ASSERT_OK(store->Apply(updates));
  const double batched = one_batch.Seconds();

  const Stopwatch load;
  const Result<Snapshot> snapshot = store->Load();
  ASSERT_OK(snapshot);
  const double loaded = load.Seconds();
  EXPECT_EQ(snapshot->jobs.size(), 5100u);

  const int singles = 300;
  const Stopwatch alone;
  for (int i = 0; i < singles; ++i) {
    UpdateJob update = std::get<UpdateJob>(updates[i]);
    update.status.attempt = 9;
    ASSERT_OK(store->Apply({update}));
  }
  const double each = alone.Seconds() / singles;
  const std::unique_ptr<Reader> reader = OpenReader(temp.path());
  const Stopwatch count;
  ASSERT_EQ(reader->Sweeps({})->size(), 1u);
  std::printf(
      "[ timing  ] insert 5,100 jobs %.0f ms of processor time; 10,000 updates in one batch %.0f "
      "ms; load %.0f ms;"
      " one durable update %.2f ms; sweep list %.1f ms; database %.1f MiB\n",
      inserted * 1e3, batched * 1e3, loaded * 1e3, each * 1e3, count.Seconds() * 1e3,
      static_cast<double>(reader->Sizes()->main + reader->Sizes()->log) / 1048576);
  // Of the processor's time: other tests may run beside this one.
  constexpr double kBound = kSanitized ? 60 : 5;
  EXPECT_LT(inserted, kBound) << "a large study must not take seconds to submit";
}

}  // namespace
}  // namespace eida::store
