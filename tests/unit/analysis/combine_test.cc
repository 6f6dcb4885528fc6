#include "worker/analysis/soups/combine.h"

#include <numeric>

#include "fake_study.h"
#include "gtest/gtest.h"

namespace eida::analysis {
namespace {

struct Pool {
  FakeStudy study{30};
  std::vector<std::string> paths;
};

// Members around one minimum; the first has no "w" of its own (it equals the base there).
void Fill(Pool& pool, int size) {
  torch::manual_seed(3);
  for (int i = 0; i < size; ++i) {
    const std::string path = "m" + std::to_string(i);
    engine::Weights weights = {{"head", torch::randn({1})}};
    if (i > 0)
      weights["w"] =
          torch::tensor({0.39f, 0.0f}) + 0.4 * torch::randn({2});  // around one good model
    pool.study.files[path] = weights;
    pool.paths.push_back(path);
  }
}

TEST(CombineMembersTest, IsTheWeightedSumAndTakesWhatIsMissingFromTheBase) {
  Pool pool;
  Fill(pool, 3);
  const std::vector<double> coefficients = {0.2, 0.5, 0.3};
  const auto soup = CombineMembers(pool.study, pool.paths, coefficients);
  ASSERT_TRUE(soup.ok());
  const auto w = [&](int i) {
    return pool.study.files.at(pool.paths[i]).at("w").to(torch::kDouble);
  };
  const at::Tensor expected =
      pool.study.base.at("w").to(torch::kDouble) * 0.2 + w(1) * 0.5 + w(2) * 0.3;
  EXPECT_TRUE(torch::allclose(soup->at("w").to(torch::kDouble), expected, 1e-6, 1e-7));
  EXPECT_EQ(soup->at("w").scalar_type(), torch::kFloat);
  EXPECT_EQ(soup->at("head").numel(), 1);
}

TEST(EnsembleLogitsTest, AveragesLogitsNotLosses) {
  engine::EvalResult a, b;
  a.item = b.item = torch::tensor({int64_t{4}, int64_t{9}});
  a.label = b.label = torch::tensor({int64_t{0}, int64_t{1}});
  a.logits = torch::tensor({{3.0f, 0.0f}, {0.0f, 0.5f}});
  b.logits = torch::tensor({{-1.0f, 0.0f}, {0.0f, 2.5f}});
  const auto ensemble = EnsembleLogits({a, b});
  ASSERT_TRUE(ensemble.ok());
  EXPECT_TRUE(torch::allclose(ensemble->logits, torch::tensor({{1.0f, 0.0f}, {0.0f, 1.5f}})));
  EXPECT_NEAR(ensemble->loss[0].item<double>(), std::log1p(std::exp(-1.0)), 1e-6);
  EXPECT_NEAR(ensemble->loss[1].item<double>(), std::log1p(std::exp(-1.5)), 1e-6);
  b.item = torch::tensor({int64_t{4}, int64_t{8}});
  const auto refused = EnsembleLogits({a, b});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(engine::ErrorClassOf(refused.status()), "data");
}

}  // namespace
}  // namespace eida::analysis
