// Adam and AdamW against torch.optim's, dense, by rows, and (where there is one) on a device.
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/train/adam.h"

namespace eida::engine {
namespace {

at::Tensor Trained(const at::Tensor& x) { return x.clone().set_requires_grad(true); }

// torch.optim's, by the same settings, on a decayed and an undecayed parameter.
class TorchAdam {
 public:
  TorchAdam(const AdamSettings& s, const at::Tensor& decayed, const at::Tensor& plain) {
    if (s.decoupled) {
      optimizer_ = Make<torch::optim::AdamW, torch::optim::AdamWOptions>(s, decayed, plain);
    } else {
      optimizer_ = Make<torch::optim::Adam, torch::optim::AdamOptions>(s, decayed, plain);
    }
  }
  void Step(double lr) {
    for (auto& group : optimizer_->param_groups()) group.options().set_lr(lr);
    optimizer_->step();
  }

 private:
  template <class Optimizer, class Options>
  static std::unique_ptr<torch::optim::Optimizer> Make(const AdamSettings& s,
                                                       const at::Tensor& decayed,
                                                       const at::Tensor& plain) {
    const Options options = Options(1e-2).betas({s.beta1, s.beta2}).eps(s.eps);
    std::vector<torch::optim::OptimizerParamGroup> groups;
    for (const auto& [tensor, decay] :
         {std::pair(decayed, s.weight_decay), std::pair(plain, 0.0)}) {
      Options own = options;
      own.weight_decay(decay);
      groups.emplace_back(std::vector<at::Tensor>{tensor}, std::make_unique<Options>(own));
    }
    return std::make_unique<Optimizer>(groups, options);
  }
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

TEST(OptimizerTest, StepsAsTorchDoes) {
  for (const bool decoupled : {true, false}) {
    at::manual_seed(4);
    const at::Tensor start = at::randn({40, 30}), bias = at::randn({33});
    const AdamSettings settings{0.9, 0.98, 1e-6, 0.1, decoupled};
    Weights ours = {{"w.weight", Trained(start)}, {"w.bias", Trained(bias)}};
    const at::Tensor w = Trained(start), b = Trained(bias);
    TorchAdam theirs(settings, w, b);
    Adam optimizer(settings, ours);
    for (int step = 0; step < 30; ++step) {
      const at::Tensor gw = at::randn({40, 30}), gb = at::randn({33});
      w.mutable_grad() = gw.clone();
      b.mutable_grad() = gb.clone();
      ours["w.weight"].mutable_grad() = gw.clone();
      ours["w.bias"].mutable_grad() = gb.clone();
      const double norm = torch::nn::utils::clip_grad_norm_(std::vector<at::Tensor>{w, b}, 1.0),
                   lr = 1e-2 / (1 + step);
      EXPECT_NEAR(optimizer.GradNorm(), norm, 1e-4);
      optimizer.Step(lr, ClipFactor(optimizer.GradNorm(), 1.0));
      theirs.Step(lr);
    }
    EXPECT_LE(Difference(ours["w.weight"], w), 2e-6) << decoupled;
    EXPECT_LE(Difference(ours["w.bias"], b), 2e-6) << decoupled;
    EXPECT_GT(Difference(w, start), 0.01);
  }
}

TEST(OptimizerTest, TheTwoDecaysAreDifferentThings) {
  at::manual_seed(4);
  const at::Tensor start = at::randn({40, 30});
  Weights one = {{"w.weight", Trained(start)}}, other = {{"w.weight", Trained(start)}};
  Adam decoupled({0.9, 0.999, 1e-8, 0.1, true}, one), within({0.9, 0.999, 1e-8, 0.1, false}, other);
  for (Adam* optimizer : {&decoupled, &within}) {
    Weights& weights = optimizer == &decoupled ? one : other;
    weights["w.weight"].mutable_grad() = at::full({40, 30}, 0.1);
    optimizer->Step(1e-2, 1);
  }
  EXPECT_GT(Difference(one["w.weight"], other["w.weight"]), 1e-3);
}

TEST(OptimizerTest, SparseRowsStepAsDenseOnesWouldAndSurviveARestore) {
  for (const bool decoupled : {true, false}) {
    for (const double decay : {0.0, 0.1}) {
      at::manual_seed(5);
      const at::Tensor start = at::randn({50, 24});
      const AdamSettings settings{0.9, 0.999, 1e-8, decay, decoupled};
      Weights dense = {{"w.weight", Trained(start)}}, sparse = {{"w.weight", Trained(start)}};
      Adam ours(settings, dense);
      auto theirs = std::make_unique<Adam>(settings, sparse);
      for (int step = 0; step < 12; ++step) {
        const at::Tensor rows = torch::tensor({(step * 7) % 40, 3, (step * 7) % 40}, at::kLong),
                         values = at::randn({3, 24});
        dense["w.weight"].mutable_grad() = at::zeros({50, 24}).index_add(0, rows, values);
        sparse["w.weight"].mutable_grad() =
            at::sparse_coo_tensor(rows.unsqueeze(0), values, {50, 24});
        EXPECT_NEAR(ours.GradNorm(), theirs->GradNorm(), 1e-5);
        ours.Step(1e-2, 0.5);
        theirs->Step(1e-2, 0.5);
        EXPECT_LE(Difference(dense["w.weight"], sparse["w.weight"]), 2e-7)
            << step << decay << decoupled;
        if (step == 5) {  // a fresh optimizer with the same moments goes on alike
          const Weights avg = theirs->ExpAvg(), square = theirs->ExpAvgSq();
          auto fresh = std::make_unique<Adam>(settings, sparse);
          ASSERT_TRUE(fresh->Restore(avg, square, theirs->steps()).ok());
          theirs = std::move(fresh);
        }
      }
      EXPECT_EQ(Difference(sparse["w.weight"][45], start[45]) == 0, decay == 0)
          << "row 45 never had a gradient";
    }
  }
}

TEST(OptimizerTest, ADeviceStepsAsTheCpuDoes) {
  if (!torch::cuda::is_available()) GTEST_SKIP() << "no device";
  for (const bool decoupled : {true, false}) {
    at::manual_seed(6);
    const AdamSettings settings{0.9, 0.98, 1e-6, 0.1, decoupled};
    Weights here, there;
    for (const char* name : {"w.weight", "w.bias"}) {
      const at::Tensor start = at::randn({40, 30});
      here[name] = Trained(start);
      there[name] = start.cuda().set_requires_grad(true);
    }
    Adam cpu(settings, here), device(settings, there);
    for (int step = 0; step < 10; ++step) {
      for (auto& [name, tensor] : here) {
        tensor.mutable_grad() = at::randn({40, 30});
        there[name].mutable_grad() = tensor.grad().cuda();
      }
      EXPECT_NEAR(cpu.GradNorm(), device.GradNorm(), 1e-4);
      cpu.Step(1e-2, 0.5);
      device.Step(1e-2, 0.5);
    }
    for (const auto& [name, tensor] : here)
      EXPECT_LE(Difference(tensor, there[name].cpu()), 2e-6) << name;
  }
}

TEST(OptimizerTest, BiasesAndNormsOfEveryFamilyAreNotDecayed) {
  for (const char* name :
       {"bert.encoder.layer.0.attention.output.LayerNorm.weight",
        "bert.encoder.layer.0.output.dense.bias", "roberta.embeddings.LayerNorm.bias",
        "transformer.h.0.ln_1.weight", "transformer.h.11.ln_2.weight", "transformer.ln_f.weight",
        "model.encoder.layernorm_embedding.weight", "model.decoder.layer_norm.weight",
        "model.decoder.layers.0.self_attn_layer_norm.weight",
        "model.decoder.layers.0.encoder_attn_layer_norm.weight",
        "model.encoder.layers.3.final_layer_norm.weight", "transformer.h.0.attn.c_attn.bias",
        "base_model.model.classifier.bias", "final_logits_bias"}) {
    EXPECT_FALSE(Decays(name)) << name;
  }
  for (const char* name :
       {"bert.encoder.layer.0.attention.self.query.weight", "transformer.wte.weight",
        "transformer.h.0.mlp.c_fc.weight", "model.shared.weight",
        "model.decoder.layers.0.fc1.weight",
        "base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight",
        "base_model.model.classifier.weight", "bert.embeddings.word_embeddings.weight"}) {
    EXPECT_TRUE(Decays(name)) << name;
  }
}

TEST(OptimizerTest, NamesTheFirstGradientThatIsNotFinite) {
  Weights w = {{"a", Trained(at::ones({3}))}, {"b", Trained(at::ones({3}))}};
  Adam optimizer(AdamSettings{}, w);
  EXPECT_EQ(optimizer.FirstNonfinite(), "");
  w["b"].mutable_grad() = torch::tensor({1.0f, INFINITY, 0.0f});
  EXPECT_EQ(optimizer.FirstNonfinite(), "b");
  w["a"].mutable_grad() = torch::tensor({NAN, 1.0f, 0.0f});
  EXPECT_EQ(optimizer.FirstNonfinite(), "a");
  optimizer.DropGradients();
  EXPECT_EQ(optimizer.FirstNonfinite(), "");
  EXPECT_EQ(optimizer.GradNorm(), 0);
}

}  // namespace
}  // namespace eida::engine
