// Thousands of random histories. EIDA_SEEDS sets how many, EIDA_SEED runs one.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/sched/chaos.h"

namespace eida::testing {
namespace {

constexpr uint64_t kSeeds = 2000;

TEST(RandomTest, EveryPromiseHoldsUnderFaultsAndEverythingEndsAfterThem) {
  const char* count = std::getenv("EIDA_SEEDS");
  const char* one = std::getenv("EIDA_SEED");
  const uint64_t first = one != nullptr ? std::stoull(one) : 1;
  const uint64_t last = one != nullptr ? first : count != nullptr ? std::stoull(count) : kSeeds;
  ChaosReport sum;
  for (uint64_t seed = first; seed <= last; ++seed) {
    const ChaosReport report = Chaos(seed).Run(400);
    ASSERT_EQ(report.failure, "") << "with EIDA_SEED=" << seed;
    sum.attempts += report.attempts;
    sum.results += report.results;
    sum.restarts += report.restarts;
    sum.deaths += report.deaths;
    sum.stale += report.stale;
    sum.reused += report.reused;
  }
  std::printf(
      "%llu histories: %lld attempts, %lld results, %lld reused, %lld refused reports, %lld "
      "restarts, %lld deaths\n",
      static_cast<unsigned long long>(last - first + 1), static_cast<long long>(sum.attempts),
      static_cast<long long>(sum.results), static_cast<long long>(sum.reused),
      static_cast<long long>(sum.stale), static_cast<long long>(sum.restarts),
      static_cast<long long>(sum.deaths));
  // The histories must be eventful, or they prove nothing.
  if (one == nullptr) {
    EXPECT_GT(sum.results, static_cast<int64_t>(last));
    EXPECT_GT(sum.attempts, sum.results);
    EXPECT_GT(sum.restarts, 0);
    EXPECT_GT(sum.stale, 0);
    EXPECT_GT(sum.reused, 0);
  }
}

TEST(RandomTest, TheSameSeedIsTheSameHistory) {
  const ChaosReport a = Chaos(7).Run(400);
  const ChaosReport b = Chaos(7).Run(400);
  EXPECT_EQ(a.attempts, b.attempts);
  EXPECT_EQ(a.stale, b.stale);
  EXPECT_EQ(a.results, b.results);
}

}  // namespace
}  // namespace eida::testing
