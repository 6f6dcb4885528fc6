#include "gmock/gmock.h"
#include "soup_world.h"

namespace eida::analysis {
namespace {

using ::testing::HasSubstr;

at::Tensor SoupOf(SoupWorld& world, const std::string& type, const std::string& tensor = "w",
                  const Json& options = Json::object()) {
  const engine::Job job = world.Make(type, options);
  world.Done(job);
  return engine::ReadSafetensors(job.out + "/model.safetensors")->at(tensor);
}

// Members' factors of the one map, and its base.
struct FactorsOfWorld {
  explicit FactorsOfWorld(const SoupWorld& world) : base(world.select.base.at("w")) {
    for (const std::string& name : world.names) {
      const engine::LowRankMap& map = world.select.factors.at(name).maps[0];
      a.push_back(map.a), b.push_back(map.b), scale = map.scale;
    }
  }
  at::Tensor MeanUpdate() const {
    at::Tensor sum = torch::zeros_like(base);
    for (size_t i = 0; i < a.size(); ++i) sum = sum + scale / a.size() * b[i].matmul(a[i]);
    return sum;
  }
  at::Tensor base;
  std::vector<at::Tensor> a, b;
  double scale = 1;
};

TEST(PeftSoupTest, CatIsTheUniformSoupAndTakesAnyRanks) {
  SoupWorld world(4), one(1, 9, 1);
  EXPECT_TRUE(torch::allclose(SoupOf(world, "peft_cat"), SoupOf(world, "uniform"), 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(SoupOf(world, "peft_cat", "head"), SoupOf(world, "uniform", "head")));
  const FactorsOfWorld f(world);
  EXPECT_TRUE(torch::allclose(SoupOf(world, "peft_cat"), f.base + f.MeanUpdate(), 1e-5, 1e-6));
}

TEST(PeftSoupTest, LinearMixesEveryBWithEveryA) {
  SoupWorld world(3);
  const FactorsOfWorld f(world);
  at::Tensor expected = f.base.clone();
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) expected += f.scale / 3 * f.b[i].matmul(f.a[j]);
  }
  EXPECT_TRUE(torch::allclose(SoupOf(world, "peft_linear"), expected, 1e-5, 1e-6));
  EXPECT_FALSE(torch::allclose(expected, SoupOf(world, "peft_cat"), 1e-2, 1e-2));
}

TEST(PeftSoupTest, LinearNamesMembersOfUnequalRanks) {
  SoupWorld world(2);
  engine::LowRankMap& map = world.select.factors.at("lora/seed1").maps[0];
  map.a = torch::cat({map.a, torch::zeros({1, 3})}),
  map.b = torch::cat({map.b, map.b.narrow(1, 0, 1)}, 1);
  EXPECT_THAT(world.Refused(world.Make("peft_linear"), "config"),
              HasSubstr("at w lora/seed0 has rank 2 and lora/seed1 rank 3"));
  EXPECT_TRUE(torch::allclose(SoupOf(world, "peft_cat"), SoupOf(world, "uniform"), 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(SoupOf(world, "peft_svd"), SoupOf(world, "uniform"), 1e-5, 1e-6));
}

TEST(PeftSoupTest, SvdIsTheBestApproximationOfItsRankAndCountsTheScaleOnce) {
  SoupWorld world(4);
  const FactorsOfWorld f(world);
  const auto [u, s, v] = torch::linalg_svd(f.MeanUpdate(), false);
  EXPECT_GT(s[1].item<double>(), 1e-3);
  const at::Tensor best = u.narrow(1, 0, 1) * s[0] * v.narrow(0, 0, 1);
  EXPECT_TRUE(
      torch::allclose(SoupOf(world, "peft_svd", "w", {{"rank", 1}}) - f.base, best, 1e-4, 1e-6));
  // Rank 2 is all that a map of 3 to 2 has.
  EXPECT_TRUE(torch::allclose(SoupOf(world, "peft_svd"), SoupOf(world, "peft_cat"), 1e-4, 1e-6));
  SoupWorld rank1(4, 3, 1);
  const FactorsOfWorld g(rank1);
  const auto [u1, s1, v1] = torch::linalg_svd(g.MeanUpdate(), false);
  EXPECT_TRUE(torch::allclose(SoupOf(rank1, "peft_svd") - g.base,
                              u1.narrow(1, 0, 1) * s1[0] * v1.narrow(0, 0, 1), 1e-4, 1e-6))
      << "the members' rank by default";
}

TEST(PeftSoupTest, SvdRefusesARankThatTheMapCannotHave) {
  SoupWorld world(2);
  EXPECT_THAT(world.Refused(world.Make("peft_svd", {{"rank", 3}}), "config"),
              HasSubstr("rank is 3, but w maps 3 to 2 numbers: its rank is at most 2"));
}

}  // namespace
}  // namespace eida::analysis
