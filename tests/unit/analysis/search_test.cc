#include "worker/analysis/soups/search.h"

#include <cmath>
#include <numeric>

#include "common/base/rng.h"
#include "gtest/gtest.h"

namespace eida::analysis {
namespace {

using Vec = std::vector<double>;

Vec Mix(const Vec& a, const Vec& b, double alpha) {
  Vec out(a.size());
  for (size_t i = 0; i < a.size(); ++i) out[i] = alpha * a[i] + (1 - alpha) * b[i];
  return out;
}

// A loss over points in the plane with several basins.
double Loss(const Vec& w) {
  return w[0] * w[0] + 0.5 * w[1] * w[1] + 0.3 * std::sin(5 * w[0]) * std::cos(4 * w[1]) + 1;
}

// Accuracy and F1 rise where the loss falls, but not with it.
double Accuracy(const Vec& w) { return 1 / (1 + w[0] * w[0] + std::abs(w[1])); }
double F1(const Vec& w) { return 1 / (1 + std::abs(w[0] + w[1])); }
SoupScore ScoreOf(const Vec& w) {
  return {{{"loss", Loss(w)}, {"accuracy", Accuracy(w)}, {"f1", F1(w)}}};
}

class PlaneKitchen : public SoupKitchen {
 public:
  explicit PlaneKitchen(std::vector<Vec> members) : members_(std::move(members)) {}
  Status Begin(int member) override {
    soup = members_[member];
    return OkStatus();
  }
  Result<SoupScore> Try(int member, double alpha) override {
    ++tries;
    if (tries == fail_at) return Internal("the stove is cold");
    return ScoreOf(Mix(soup, members_[member], alpha));
  }
  Status Stir(int member, double alpha) override {
    soup = Mix(soup, members_[member], alpha);
    return OkStatus();
  }
  Vec soup;
  int tries = 0, fail_at = -1;

 private:
  std::vector<Vec> members_;
};

std::vector<SoupScore> Singles(const std::vector<Vec>& members) {
  std::vector<SoupScore> singles;
  for (const Vec& member : members) singles.push_back(ScoreOf(member));
  return singles;
}

std::vector<Vec> DrawMembers(Rng& rng, size_t size) {
  std::vector<Vec> members;
  for (size_t i = 0; i < size; ++i) members.push_back({3 * rng.Unit() - 1.5, 3 * rng.Unit() - 1.5});
  return members;
}

// Algorithm 1, word for word.
Vec Algorithm1(std::vector<Vec> members, double* best_loss) {
  std::stable_sort(members.begin(), members.end(),
                   [](const Vec& a, const Vec& b) { return Loss(a) < Loss(b); });
  Vec theta_g = members[0], theta_new = members[0];
  double best = Loss(theta_g);
  for (size_t i = 1; i < members.size(); ++i) {
    for (int a = 1; a <= 4; ++a) {
      const Vec candidate = Mix(theta_g, members[i], a / 5.0);
      if (Loss(candidate) < best) {
        theta_new = candidate;
        best = Loss(candidate);
      }
    }
    theta_g = theta_new;
  }
  *best_loss = best;
  return theta_g;
}

const Vec kAlphas = {0.2, 0.4, 0.6, 0.8};
SearchRules AlgorithmOne(double min_gain) {
  return {.min_gain = min_gain, .alphas = [](int) { return kAlphas; }};
}

TEST(SoupSearchTest, IsAlgorithmOneOnRandomPools) {
  Rng rng(42);
  int mixed = 0;
  for (int round = 0; round < 500; ++round) {
    const std::vector<Vec> members = DrawMembers(rng, 1 + rng.Below(12));
    PlaneKitchen kitchen(members);
    const auto search = SearchInOrder(Singles(members), AlgorithmOne(0), kitchen);
    ASSERT_TRUE(search.ok());
    double loss = 0;
    const Vec expected = Algorithm1(members, &loss);
    ASSERT_EQ(kitchen.soup, expected);
    ASSERT_EQ(search->score.metrics.at("loss"), loss);
    ASSERT_EQ(search->trace.size(), 4 * (members.size() - 1));
    ASSERT_NEAR(std::accumulate(search->coefficients.begin(), search->coefficients.end(), 0.0), 1,
                1e-12);
    Vec sum = {0, 0};
    for (size_t i = 0; i < members.size(); ++i) {
      for (int d : {0, 1}) sum[d] += search->coefficients[i] * members[i][d];
    }
    for (int d : {0, 1})
      ASSERT_NEAR(sum[d], expected[d], 1e-12) << "coefficients do not give the soup";
    mixed += search->accepted > 1;
  }
  EXPECT_GT(mixed, 100) << "the pools should make soups of several members";
}

TEST(SoupSearchTest, TriesMembersByIncreasingLossAndMarksOneTrialPerMemberAsAccepted) {
  Rng rng(9);
  const std::vector<Vec> members = DrawMembers(rng, 10);
  PlaneKitchen kitchen(members);
  const auto singles = Singles(members);
  const auto search = SearchInOrder(singles, AlgorithmOne(0), kitchen);
  ASSERT_TRUE(search.ok());
  for (size_t i = 1; i < search->order.size(); ++i) {
    EXPECT_LE(singles[search->order[i - 1]].metrics.at("loss"),
              singles[search->order[i]].metrics.at("loss"));
  }
  int accepted = 0;
  for (size_t t = 0; t < search->trace.size(); t += 4) {
    int here = 0;
    for (size_t k = t; k < t + 4; ++k) {
      EXPECT_EQ(search->trace[k].member, search->order[1 + t / 4]);
      EXPECT_EQ(search->trace[k].alpha, kAlphas[k - t]);
      here += search->trace[k].accepted;
    }
    EXPECT_LE(here, 1);
    accepted += here;
  }
  EXPECT_EQ(accepted, search->accepted);
}

TEST(SoupSearchTest, AnEqualLossIsNotAnImprovement) {
  const std::vector<Vec> members = {{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}};
  PlaneKitchen kitchen(members);
  const auto search =
      SearchInOrder(Singles(members), {.alphas = [](int) { return Vec{0.5}; }}, kitchen);
  ASSERT_TRUE(search.ok());
  EXPECT_EQ(search->accepted, 0);
  EXPECT_EQ(search->coefficients, (Vec{1, 0, 0}));
}

TEST(SoupSearchTest, MinGainLeavesSmallImprovementsOut) {
  const std::vector<Vec> members = {{1, 0}, {-1, 0}};  // on two sides of the minimum
  PlaneKitchen any(members), none(members);
  const auto all = SearchInOrder(Singles(members), AlgorithmOne(0), any);
  const auto strict = SearchInOrder(Singles(members), AlgorithmOne(100), none);
  ASSERT_TRUE(all.ok() && strict.ok());
  EXPECT_GT(all->accepted, 0);
  EXPECT_EQ(strict->accepted, 0);
}

// A soup begins with the best member and changes only for the better.
TEST(SoupSearchTest, IsNeverWorseThanItsBestMemberByTheMetricThatItIsChosenBy) {
  Rng rng(5);
  int mixed = 0;
  for (int round = 0; round < 600; ++round) {
    const std::vector<Vec> members = DrawMembers(rng, 1 + rng.Below(12));
    const std::string metric = std::vector<std::string>{"loss", "accuracy", "f1"}[round % 3];
    SearchRules rules{.order_by = metric, .metric = metric};
    rules.alphas = [&](int taken) { return round % 2 == 0 ? kAlphas : Vec{taken / (taken + 1.0)}; };
    PlaneKitchen kitchen(members);
    const auto search = SearchInOrder(Singles(members), rules, kitchen);
    ASSERT_TRUE(search.ok());
    for (const Vec& member : members)
      ASSERT_LE(CostOf(search->score, metric), CostOf(ScoreOf(member), metric)) << metric;
    ASSERT_EQ(CostOf(search->score, metric), CostOf(ScoreOf(kitchen.soup), metric));
    mixed += search->accepted > 0;
  }
  EXPECT_GT(mixed, 300);
}

TEST(SoupSearchTest, ARunningMeanWeighsAllThatWereTakenAlike) {
  Rng rng(6);
  int many = 0;
  for (int round = 0; round < 200; ++round) {
    const std::vector<Vec> members = DrawMembers(rng, 8);
    PlaneKitchen kitchen(members);
    const auto search =
        SearchInOrder(Singles(members),
                      {.alphas = [](int taken) { return Vec{taken / (taken + 1.0)}; }}, kitchen);
    ASSERT_TRUE(search.ok());
    ASSERT_EQ(search->trace.size(), 7u);
    for (const double c : search->coefficients) {
      if (c == 0) continue;
      ASSERT_NEAR(c, 1.0 / (1 + search->accepted), 1e-12);
    }
    many += search->accepted > 1;
  }
  EXPECT_GT(many, 20);
}

TEST(SoupSearchTest, AnotherMetricMayOrderTheMembers) {
  const std::vector<Vec> members = {{0.9, 0}, {0.1, 0.8}, {-0.6, 0.6}};  // the last has the best F1
  PlaneKitchen kitchen(members);
  SearchRules rules = AlgorithmOne(0);
  rules.order_by = "f1";
  const auto search = SearchInOrder(Singles(members), rules, kitchen);
  ASSERT_TRUE(search.ok());
  EXPECT_EQ(search->order, OrderBy(Singles(members), "f1"));
  EXPECT_EQ(search->order.front(), 2);
  EXPECT_NE(search->order, OrderBy(Singles(members), "loss"));
}

TEST(SoupSearchTest, AFailedTrialEndsTheSearch) {
  Rng rng(1);
  const std::vector<Vec> members = DrawMembers(rng, 3);
  PlaneKitchen kitchen(members);
  kitchen.fail_at = 3;
  const auto search = SearchInOrder(Singles(members), AlgorithmOne(0), kitchen);
  ASSERT_FALSE(search.ok());
  EXPECT_EQ(Message(search.status()), "the stove is cold");
}

}  // namespace
}  // namespace eida::analysis
