// A step stays O(log n): 100,000 ready jobs on 1,000 slots. The bound is on the processor's time
// and generous, for slow and busy machines; what is printed is the figure to look at.
#include <cstdio>
#include <ctime>

#include "tests/sanitizers/sanitized.h"
#include "tests/unit/sched/fixture.h"

namespace eida::testing {
namespace {

constexpr int kJobs = kSanitized ? 10'000 : 100'000;  // sanitized speed says nothing of ours
constexpr int kWorkers = 125;
constexpr int kSlots = 8;
constexpr double kBoundSeconds = 60;

class SpeedTest : public SchedTest {
 protected:
  // Runs everything to its end, one report per job; returns the processor's seconds.
  double Drain(AddSweep plan) {
    world.check_invariants = false;
    const std::clock_t start = std::clock();
    Submit(std::move(plan));
    world.out.Clear();
    std::vector<std::vector<LeaseId>> held(kWorkers);
    int64_t finished = 0;
    while (finished < kJobs) {
      const int64_t before = finished;
      for (int w = 0; w < kWorkers; ++w) {
        const std::string name = "w" + std::to_string(w);
        const SyncReply reply = Sync(name, kSlots);
        for (const Grant& grant : reply.grants) {
          std::vector<JobReport> reports;
          for (const GrantJob& job : grant.jobs)
            reports.push_back({job.job, job.attempt, {Started{}, Success()}});
          sched::OnReport(core(), world.out, WorkerId(name), "1", reports, world.now());
          finished += static_cast<int64_t>(reports.size());
        }
        world.out.Clear();
      }
      if (finished == before) break;
    }
    EXPECT_EQ(finished, kJobs);
    EXPECT_EQ(sched::FindSweep(core(), SweepId(1))->state, SweepState::kSucceeded);
    EXPECT_TRUE(core().CheckInvariants().ok());
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  }
  static void Print(const char* what, double seconds) {
    std::printf("%s: %d jobs on %d slots in %.2f s, %.0f jobs/s\n", what, kJobs, kWorkers * kSlots,
                seconds, kJobs / seconds);
  }
};

TEST_F(SpeedTest, AHundredThousandReadyJobs) {
  std::vector<JobRecord> jobs;
  for (int i = 0; i < kJobs; ++i) jobs.push_back(AJob("j" + std::to_string(i)));
  const double seconds = Drain(APlan(std::move(jobs)));
  Print("alone", seconds);
  EXPECT_LT(seconds, kBoundSeconds);
}

TEST_F(SpeedTest, AHundredThousandBundledJobsBeforeOneMatrix) {
  std::vector<JobRecord> jobs;
  for (int i = 0; i + 1 < kJobs; ++i) {
    jobs.push_back(AJob("p" + std::to_string(i)));
    jobs.back().spec.kind = JobKind::kPath;
    jobs.back().spec.bundle_key = "row" + std::to_string(i % 100);
  }
  JobRecord matrix = AJob("matrix");
  matrix.spec.kind = JobKind::kMatrix;
  for (int i = 0; i + 1 < kJobs; ++i) matrix.spec.parents.push_back({"pair", JobId(i + 1), "out"});
  jobs.push_back(matrix);
  const double seconds = Drain(APlan(std::move(jobs)));
  Print("bundled", seconds);
  EXPECT_LT(seconds, kBoundSeconds);
}

}  // namespace
}  // namespace eida::testing
