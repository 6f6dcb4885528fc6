// What holds for every model of the catalog when several runs share a pass: each has the losses and
// gradients that it would have alone, dropout included.
#include <torch/torch.h>

#include <deque>

#include "common/catalog/catalog.h"
#include "tests/unit/engine/limits.h"
#include "tests/unit/engine/model_world.h"
#include "worker/engine/adapters/adapter.h"
#include "worker/engine/nn/functional.h"

namespace eida::engine {
namespace {

// A run as far as a pass knows it.
struct OfLane {
  Json adapter;
  std::optional<double> dropout;  // of the model
  std::vector<int64_t> items;
  uint64_t stream = 0;
  Weights state, over;
  SitePatches patches;

  Weights Gradients() {
    Weights gradients;
    for (auto& [name, tensor] : state) {
      if (tensor.grad().defined()) gradients[name] = tensor.grad().clone();
      tensor.mutable_grad().reset();
    }
    return gradients;
  }
};

class EveryLane : public ::testing::TestWithParam<catalog::Model> {
 protected:
  ModelWorld w{GetParam().id};
  std::deque<OfLane> lanes_;

  void Add(Json adapter, std::optional<double> dropout, std::vector<int64_t> items) {
    OfLane lane{std::move(adapter), dropout, std::move(items), 77 + lanes_.size()};
    lane.adapter["type"] = "lora";
    const auto adapter_of = MakeAdapter(lane.adapter).value();
    const TrainingData data{w.examples, *w.base->model};
    lane.state = adapter_of->Init(*w.base, lane.stream, data).value();
    torch::manual_seed(static_cast<int64_t>(lane.stream));
    for (auto& [name, tensor] : lane.state) {
      if (name.find("lora_B") != std::string::npos)
        tensor.normal_(0, 0.2);  // else A has no gradient
      tensor.set_requires_grad(true);
    }
    ASSERT_TRUE(adapter_of->Attach(*w.base, lane.state, &lane.over, &lane.patches).ok());
    lanes_.push_back(std::move(lane));
  }
  // Different ranks, scales, sites, dropout of adapter and model, trained biases, numbers of items.
  void AddFour() {
    Add({{"r", 2}, {"alpha", 4}, {"dropout", 0.2}, {"targets", {"query", "value"}}}, std::nullopt,
        {0, 3});
    Add({{"r", 4}, {"alpha", 4}, {"dropout", 0.0}, {"targets", {"fc1"}}, {"bias", "lora_only"}},
        0.3, {1});
    Add({{"r", 1}, {"scale", 1.0}, {"dropout", 0.4}, {"targets", {"query", "key", "fc2"}}}, 0.0,
        {4, 2, 0, 1});
    Add({{"r", 3}, {"alpha", 9}, {"dropout", 0.1}, {"targets", {"value", "attn_out"}}}, 0.1,
        {2, 3, 4});
  }
  static Context ContextOf(const OfLane& lane, at::ScalarType compute) {
    Context context(compute);
    context.SetPatches(&lane.patches);
    context.SetDropoutStream(lane.stream);
    return context;
  }

  // Per item, alone; leaves its gradients.
  at::Tensor Alone(OfLane& lane, at::ScalarType compute, bool recompute) {
    const auto model = MakeRunModel(*w.base, lane.dropout ? Json(*lane.dropout) : Json()).value();
    Context context = ContextOf(lane, compute);
    context.SetFrozen(&w.base->weights, &w.base->casts);
    context.SetRecompute(recompute);
    const at::Tensor sums =
        LossesOf(*model, {&lane.over, &w.base->weights}, w.Some(lane.items), context, 0.1).sum;
    torch::autograd::backward({sums}, {at::full_like(sums, 0.5)});
    return sums.detach();
  }
  at::Tensor Together(at::ScalarType compute, bool recompute) {
    std::vector<int64_t> items;
    LaneRows::Ends ends, tokens, decoded;
    for (const OfLane& lane : lanes_) {
      items.insert(items.end(), lane.items.begin(), lane.items.end());
      ends.push_back(static_cast<int64_t>(items.size()));
    }
    const Batch batch = w.Some(items);
    for (const int64_t end : ends) {
      tokens.push_back(batch.starts[end]);
      if (batch.decoder.items() > 0) decoded.push_back(batch.decoder.starts[end]);
    }
    std::vector<LaneRows::Ends> kinds = {ends, tokens};
    if (!decoded.empty()) kinds.push_back(decoded);
    const auto rows = std::make_shared<const LaneRows>(kinds);
    EXPECT_TRUE(rows->Tell());
    std::deque<Context> own;
    std::vector<Lane> lanes;
    for (const OfLane& lane : lanes_) {
      own.push_back(ContextOf(lane, compute));
      lanes.push_back({&own.back(), &lane.over, lane.dropout});
    }
    Context context(compute);
    context.SetFrozen(&w.base->weights, &w.base->casts);
    context.SetRecompute(recompute);
    context.SetLanes(lanes, rows);
    const at::Tensor sums =
        LossesOf(*w.base->model, {nullptr, &w.base->weights}, batch, context, 0.1).sum;
    torch::autograd::backward({sums}, {at::full_like(sums, 0.5)});
    return sums.detach();
  }

  void ExpectAsAlone(at::ScalarType compute, bool recompute, double limit) {
    AddFour();
    std::vector<at::Tensor> losses;
    std::vector<Weights> gradients;
    for (OfLane& lane : lanes_) {
      losses.push_back(Alone(lane, compute, recompute));
      gradients.push_back(lane.Gradients());
    }
    EXPECT_LE(Difference(Together(compute, recompute), at::cat(losses)), limit);
    for (size_t k = 0; k < lanes_.size(); ++k) {
      const Weights shared = lanes_[k].Gradients();
      ASSERT_EQ(shared.size(), gradients[k].size());
      for (const auto& [name, gradient] : gradients[k]) {
        EXPECT_GT(gradient.abs().max().item<double>(), 0) << name;
        EXPECT_LE(Difference(shared.at(name), gradient),
                  limit * (1 + gradient.abs().max().item<double>()))
            << "lane " << k << ": " << name;
      }
    }
  }
};

TEST_P(EveryLane, HasTheLossesAndGradientsThatItHasAlone) {
  ExpectAsAlone(at::kFloat, false, limits::packed_pass);
}

TEST_P(EveryLane, HasThemWhereLayersAreComputedAgain) {
  ExpectAsAlone(at::kFloat, true, limits::packed_pass);
}

TEST_P(EveryLane, HasThemByPlainOperations) {
  const nn::PlainForms plain;
  ExpectAsAlone(at::kFloat, false, limits::packed_pass);
}

TEST_P(EveryLane, HasThemInBf16) { ExpectAsAlone(at::kBFloat16, false, limits::packed_pass_bf16); }

TEST_P(EveryLane, KeepsItsNumbersBesideOneThatIsNotFinite) {
  AddFour();
  std::vector<Weights> gradients;
  std::vector<at::Tensor> losses;
  for (OfLane& lane : lanes_) {
    losses.push_back(Alone(lane, at::kFloat, false));
    gradients.push_back(lane.Gradients());
  }
  {
    const at::NoGradGuard no_grad;
    for (auto& [name, tensor] : lanes_[1].state) tensor.fill_(NAN);
  }
  const at::Tensor together = Together(at::kFloat, false);
  int64_t first = 0;
  for (size_t k = 0; k < lanes_.size(); ++k) {
    const at::Tensor own = together.narrow(0, first, losses[k].size(0));
    first += losses[k].size(0);
    const Weights shared = lanes_[k].Gradients();
    if (k == 1) {
      EXPECT_FALSE(at::isfinite(own).all().item<bool>());
      continue;
    }
    EXPECT_LE(Difference(own, losses[k]), limits::packed_pass);
    for (const auto& [name, gradient] : gradients[k])
      EXPECT_LE(Difference(shared.at(name), gradient),
                limits::packed_pass * (1 + gradient.abs().max().item<double>()))
          << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryLane, ::testing::ValuesIn(catalog::Models()),
                         [](const auto& info) { return info.param.id; });

TEST(LaneRowsTest, KindsAreToldApartByTheirNumberOfRows) {
  const LaneRows rows({{1, 3}, {4, 9}});
  EXPECT_TRUE(rows.Tell());
  EXPECT_EQ(rows.EndsOf(9), (LaneRows::Ends{4, 9}));
  EXPECT_ANY_THROW(rows.EndsOf(8));
  EXPECT_FALSE(LaneRows({{1, 3}, {4, 9}, {5, 9}}).Tell());
  EXPECT_TRUE(LaneRows({{1, 3}, {4, 9}, {4, 9}}).Tell());
}

}  // namespace
}  // namespace eida::engine
