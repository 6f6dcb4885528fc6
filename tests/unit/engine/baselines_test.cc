// What is their own of the adapters that EIDA is compared with: LoRA-SB, EVA, BitFit.
#include <gmock/gmock.h>
#include <torch/torch.h>

#include <set>

#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/model_world.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/adapters/bases.h"
#include "worker/engine/formats/peft.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;

constexpr double kFirstLr = 0.01;

struct BaselineWorld : ModelWorld {
  explicit BaselineWorld(const std::string& family) : ModelWorld(family) {}
  TrainingData Data(int64_t batch_size = 5) const {
    return {examples, *base->model, at::kFloat, batch_size, kFirstLr};
  }
  Result<Weights> Start(const Json& settings, int64_t batch_size = 5) const {
    auto adapter = MakeAdapter(settings);
    if (!adapter.ok()) return adapter.status();
    return (*adapter)->Init(*base, 7, Data(batch_size));
  }
  std::string Refusal(const Json& settings) const { return Message(Start(settings).status()); }
  // The inputs of a map in one pass over all items, every token of them.
  at::Tensor Inputs(const std::string& module) const {
    const at::NoGradGuard no_grad;
    at::Tensor inputs;
    Context context(at::kFloat);
    context.Probe({base->model->layers().back()}, [](const std::string&, const at::Tensor&) {});
    context.AddObserver([&](const Site& site, const at::Tensor& x, const at::Tensor&) {
      if (site.name == module) inputs = x.clone();
    });
    Pass(*base->model, {nullptr, &base->weights}, All(), context);
    return inputs;
  }
};

TEST(LeadingTriplesTest, AreThoseOfTheDecompositionWhateverTheShapeAndTheRank) {
  at::manual_seed(11);
  at::Tensor deficient = at::randn({20, 3}).matmul(at::randn({3, 9}));
  for (const at::Tensor& x : {at::randn({12, 30}), at::randn({30, 12}), deficient}) {
    const int64_t k = 5;
    const bases::Svd svd = bases::Leading(x, k);
    const auto [u, s, v] = at::linalg_svd(x.to(at::kDouble), false);
    EXPECT_LE(Difference(svd.s, s.narrow(0, 0, k)), 1e-5);
    const at::Tensor best = (u.narrow(1, 0, k) * s.narrow(0, 0, k)).matmul(v.narrow(0, 0, k));
    EXPECT_LE(Difference((svd.u * svd.s).matmul(svd.v), best), 1e-5);
    EXPECT_LE(Difference(svd.u.t().matmul(svd.u), at::eye(k)), 1e-5);
    EXPECT_LE(Difference(svd.v.matmul(svd.v.t()), at::eye(k)), 1e-5);
  }
}

TEST(IncrementalPcaTest, OneBatchOrAllComponentsAreThePlainAnalysis) {
  at::manual_seed(12);
  const at::Tensor x = at::randn({60, 8}) * at::pow(0.7, at::arange(8)) + at::randn({8});
  const at::Tensor centred = (x - x.mean(0)).to(at::kDouble);
  const auto [u, s, v] = at::linalg_svd(centred, false);
  for (const auto& [components, batch] : {std::pair<int64_t, int64_t>{3, 60}, {8, 20}}) {
    bases::IncrementalPca pca(components);
    for (int64_t at = 0; at < 60; at += batch) pca.Add(x.narrow(0, at, batch));
    const at::Tensor same = (pca.components() * v.narrow(0, 0, components)).sum(1).abs();
    EXPECT_LE(Difference(same, at::ones({components})), 1e-6);
    EXPECT_LE(Difference(pca.explained_variance_ratio(),
                         s.narrow(0, 0, components).square() / s.square().sum()),
              1e-6);
  }
}

TEST(LoraSbTest, StartsAtTheBestApproximationOfFullTuningsFirstUpdate) {
  for (const char* family : {"roberta", "gpt2", "mbart"}) {
    const BaselineWorld w(family);
    const Json settings = {{"type", "lora_sb"},
                           {"r", 3},
                           {"alpha", 6},
                           {"sample_fraction", 1},
                           {"targets", {"query", "fc1"}}};
    const auto adapter = MakeAdapter(settings).value();
    // Batches of two and a last one of one: they must weigh by their labels.
    const Weights start = w.Start(settings, 2).value();
    const Weights merged = adapter->Merge(*w.base, start).value();
    Weights leaves;
    const auto sites = catalog::TargetSites(w.base->model->sites(), {"query", "fc1"}).value();
    for (const SiteShape& site : sites)
      leaves[site.weight()] = w.base->weights.at(site.weight()).clone().set_requires_grad(true);
    const Weights head = HeadAtStart(*w.base, 7).value();
    leaves.insert(head.begin(), head.end());
    w.LossesWith(leaves, w.All()).sum.sum().backward();
    for (const SiteShape& site : sites) {
      const at::Tensor update = -kFirstLr * WeightOf(leaves.at(site.weight()).grad(), site).sign();
      const bases::Svd best = bases::Leading(update, 3);
      const at::Tensor moved = WeightOf(merged.at(site.weight()), site) -
                               WeightOf(w.base->weights.at(site.weight()), site);
      EXPECT_LE(Difference(moved, (best.u * best.s).matmul(best.v)), limits::adapter_merge)
          << site.name;
      EXPECT_GT(moved.abs().max().item<double>(), kFirstLr / 10);
    }
    for (const auto& [name, tensor] : start) {
      const bool fixed = name.find(".lora_sb_A.") != std::string::npos ||
                         name.find(".lora_sb_B.") != std::string::npos;
      EXPECT_EQ(adapter->Trains(name), !fixed) << name;
    }
  }
}

TEST(LoraSbTest, SettingsThatMakeNoSenseAreRefused) {
  const BaselineWorld w("roberta");
  EXPECT_THAT(w.Refusal({{"type", "lora_sb"}}), HasSubstr("adapter lora_sb"));
  EXPECT_THAT(w.Refusal({{"type", "lora_sb"}, {"r", 0}}), HasSubstr("r is below 1"));
  EXPECT_THAT(w.Refusal({{"type", "lora_sb"}, {"r", 2}, {"alpha", 0}}), HasSubstr("alpha"));
  EXPECT_THAT(w.Refusal({{"type", "lora_sb"}, {"r", 2}, {"sample_fraction", 0}}),
              HasSubstr("sample_fraction lies outside"));
  EXPECT_THAT(w.Refusal({{"type", "lora_sb"}, {"r", 2}, {"targets", Json::array()}}),
              HasSubstr("targets is empty"));
  EXPECT_THAT(w.Refusal({{"type", "lora_sb"}, {"r", 1000}}), HasSubstr("r is 1000"));
}

TEST(EvaTest, DirectionsAndRanksAreThoseOfTheInputsComponents) {
  for (const char* family : {"bert", "gpt2", "mbart"}) {
    const BaselineWorld w(family);
    // All items in one batch: the second batch is the first one again, and nothing turns.
    const Json settings = {
        {"type", "eva"}, {"r", 2}, {"rho", 2}, {"alpha", 6}, {"targets", {"query", "fc1", "fc2"}}};
    const Weights start = w.Start(settings).value();
    const auto sites =
        catalog::TargetSites(w.base->model->sites(), {"query", "fc1", "fc2"}).value();
    std::vector<double> shares, taken;
    int64_t total = 0;
    for (const SiteShape& site : sites) {
      const at::Tensor x = w.Inputs(site.module).to(at::kDouble);
      const auto [u, s, v] = at::linalg_svd(x - x.mean(0), false);
      const at::Tensor ratio = s.square() / s.square().sum();
      for (int64_t k = 0; k < 4; ++k) shares.push_back(ratio[k].item<double>());
      const auto a = start.find(peft::KeyA(site.name));
      if (a == start.end()) continue;
      const int64_t rank = a->second.size(0);
      EXPECT_LE(rank, 4);
      total += rank;
      for (int64_t k = 0; k < rank; ++k) taken.push_back(ratio[k].item<double>());
      const at::Tensor same = (a->second * v.narrow(0, 0, rank)).sum(1).abs();
      EXPECT_LE(Difference(same, at::ones({rank})), 1e-4) << site.name;
      const at::Tensor& b = start.at(peft::KeyB(site.name));
      EXPECT_EQ(b.sizes(), (at::IntArrayRef{site.out, rank}));
      EXPECT_EQ(b.abs().sum().item<double>(), 0);
    }
    EXPECT_EQ(total, 2 * static_cast<int64_t>(sites.size())) << family;
    // The directions that were taken are those with the largest shares.
    std::sort(shares.rbegin(), shares.rend());
    std::sort(taken.rbegin(), taken.rend());
    for (size_t i = 0; i < taken.size(); ++i) EXPECT_NEAR(taken[i], shares[i], 1e-4) << family;
    const auto adapter = MakeAdapter(settings).value();
    EXPECT_EQ(adapter->settings()["type"], "lora");
    EXPECT_FALSE(adapter->settings().contains("rho"));
  }
}

TEST(EvaTest, ARankOfItsOwnDoesNotChangeTheScale) {
  const BaselineWorld w("bert");
  const auto adapter =
      MakeAdapter({{"type", "eva"}, {"r", 2}, {"alpha", 6}, {"targets", {"query"}}}).value();
  const std::string site = w.base->model->sites().front().name;
  Weights state = HeadAtStart(*w.base, 7).value();
  Weights adapted;
  for (const auto& [name, tensor] : state) adapted[peft::KeyOf(name)] = tensor;
  const SiteShape shape = w.base->model->sites().front();
  adapted[peft::KeyA(site)] = at::ones({3, shape.in});
  adapted[peft::KeyB(site)] = at::ones({shape.out, 3});
  const Weights merged = adapter->Merge(*w.base, adapted).value();
  EXPECT_LE(Difference(merged.at(shape.weight()) - w.base->weights.at(shape.weight()),
                       at::full({shape.out, shape.in}, 3 * 3.0)),
            1e-5);
}

TEST(EvaTest, SettingsThatMakeNoSenseAreRefused) {
  const BaselineWorld w("roberta");
  EXPECT_THAT(w.Refusal({{"type", "eva"}}), HasSubstr("adapter eva"));
  EXPECT_THAT(w.Refusal({{"type", "eva"}, {"r", 0}}), HasSubstr("r is below 1"));
  EXPECT_THAT(w.Refusal({{"type", "eva"}, {"r", 2}, {"rho", 0.5}}), HasSubstr("rho is below 1"));
  EXPECT_THAT(w.Refusal({{"type", "eva"}, {"r", 2}, {"tau", 1}}), HasSubstr("tau lies outside"));
  EXPECT_THAT(w.Refusal({{"type", "eva"}, {"r", 2}, {"rho", 500}}), HasSubstr("r * rho is 1000"));
  EXPECT_THAT(w.Refusal({{"type", "eva"}, {"r", 2}, {"targets", {"classifier.dense"}}}),
              HasSubstr("belongs to the new head"));
}

TEST(EvaTest, ABatchWithFewerTokensThanComponentsNeverSettles) {
  const BaselineWorld w("bert");
  // 16 components, batches of one item with fewer tokens.
  EXPECT_THAT(Message(w.Start({{"type", "eva"}, {"r", 8}, {"rho", 2}}, 1).status()),
              HasSubstr("lower tau or rho, or take larger batches"));
}

TEST(BitFitTest, TrainsTheBiasesAndTheHeadAlone) {
  const BaselineWorld w("roberta");
  const Weights start = w.Start({{"type", "bitfit"}}).value();
  int64_t biases = 0;
  for (const Parameter& p : w.base->model->parameters()) {
    const bool bias = p.name.size() > 5 && p.name.substr(p.name.size() - 5) == ".bias";
    const bool trains = bias || w.base->model->IsHead(p.name);
    EXPECT_EQ(start.count(peft::KeyOf(p.name)) == 1, trains && !p.buffer) << p.name;
    biases += bias;
  }
  EXPECT_GT(biases, 15);
}

}  // namespace
}  // namespace eida::engine
