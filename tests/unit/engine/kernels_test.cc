// The fused CPU forms against their definitions by plain operations, on every instruction set that
// this machine has.
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/nn/functional.h"
#include "worker/engine/nn/product.h"
#include "worker/engine/nn/vocabulary.h"

namespace eida::engine {
namespace {

Batch Lengths(const std::vector<int32_t>& lengths) {
  Batch batch;
  for (const int32_t n : lengths) {
    batch.starts.push_back(batch.starts.back() + n);
    batch.longest = std::max<int64_t>(batch.longest, n);
  }
  return batch;
}

std::vector<const Kernels*> AllKernels() {
  std::vector<const Kernels*> all = {&BaseKernels()};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    all.push_back(&Avx2Kernels());
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    all.push_back(&Avx512Kernels());
  return all;
}

at::Tensor Leaf(at::Tensor x, at::ScalarType type = at::kFloat) {
  return x.to(type).set_requires_grad(true);
}

// Value and gradients of `f` at `inputs`, by kernels or by plain operations.
std::vector<at::Tensor> ResultAndGradients(
    const std::vector<at::Tensor>& inputs,
    const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f) {
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& x : inputs) leaves.push_back(x.detach().clone().set_requires_grad(true));
  const at::Tensor y = f(leaves);
  (y.to(at::kFloat) * at::sin(at::arange(y.numel(), at::kFloat).view_as(y))).sum().backward();
  std::vector<at::Tensor> result = {y.detach()};
  for (const at::Tensor& x : leaves) result.push_back(x.grad());
  return result;
}

void ExpectSame(const std::vector<at::Tensor>& inputs, double tolerance,
                const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f) {
  const auto fused = ResultAndGradients(inputs, f);
  const nn::PlainForms plain_forms;
  const auto plain = ResultAndGradients(inputs, f);
  for (size_t i = 0; i < fused.size(); ++i) {
    const double scale = 1 + at::max(at::abs(plain[i].to(at::kFloat))).item<double>();
    EXPECT_LE(Difference(fused[i], plain[i]) / scale, tolerance)
        << (i == 0 ? "value" : "gradient of input ") << (i == 0 ? 0 : i - 1);
  }
}

struct Case {
  at::ScalarType type;
  double tolerance;
};
const Case kCases[] = {{at::kFloat, 2e-6}, {at::kBFloat16, 2e-2}};

TEST(FusedTest, GeluIsTheExactForm) {
  for (const Case& c : kCases) {
    const at::Tensor x = at::cat({at::linspace(-12, 12, 4001), at::zeros(1)}).to(c.type);
    ExpectSame({x}, c.type == at::kFloat ? 1e-6 : c.tolerance,
               [](const auto& in) { return nn::Gelu(in[0]); });
  }
}

TEST(FusedTest, AddNormIsDropoutResidualAndLayerNorm) {
  for (const Case& c : kCases) {
    for (const int64_t n : {32, 50, 384}) {
      for (const double p : {0.0, 0.3}) {
        at::manual_seed(1);
        const std::vector<at::Tensor> inputs = {at::randn({37, n}).to(c.type), at::randn({37, n}),
                                                at::randn({n}) + 1, at::randn({n})};
        for (const bool low : {false, true}) {
          ExpectSame(inputs, c.tolerance, [&](const auto& in) {
            const Hidden h =
                nn::AddNorm(in[0], in[1], {in[2], in[3], 1e-12}, nn::MakeDropout(p, 5), c.type);
            return low ? h.compute + h.stream.to(c.type) : h.stream;
          });
        }
      }
    }
  }
}

TEST(FusedTest, DropoutKeepsItsShareAndIsTheSameEachTime) {
  const DropoutKey key = nn::MakeDropout(0.1, 77);
  const at::Tensor mask = nn::DropoutMask(key, 400, 500);
  const double kept = at::gt(mask, 0).to(at::kFloat).mean().item<double>();
  EXPECT_NEAR(kept, 0.9, 0.002);
  EXPECT_NEAR(mask.mean().item<double>(), 1.0, 0.002);
  EXPECT_EQ(Difference(nn::DropoutSame(at::ones({400, 500}), key), mask), 0);
  EXPECT_EQ(Difference(nn::Dropout(at::ones({400, 500}), key, at::kFloat).stream, mask), 0);
  const at::Tensor other = nn::DropoutMask(nn::MakeDropout(0.1, 78), 400, 500);
  // Independent streams agree in 0.9^2 + 0.1^2 of the places.
  EXPECT_NEAR(at::eq(mask, other).to(at::kFloat).mean().item<double>(), 0.82, 0.005);
}

TEST(FusedTest, DropoutGradientsGoThroughTheSameMask) {
  for (const Case& c : kCases) {
    ExpectSame({at::randn({9, 70}).to(c.type)}, c.tolerance,
               [](const auto& in) { return nn::DropoutSame(in[0], nn::MakeDropout(0.2, 3)); });
    ExpectSame({at::randn({9, 70})}, c.tolerance, [&](const auto& in) {
      const Hidden h = nn::Dropout(in[0], nn::MakeDropout(0.2, 3), c.type);
      return h.stream + h.compute.to(at::kFloat);
    });
  }
}

TEST(FusedTest, AttentionSeesOnlyItsOwnItem) {
  const Batch batch = Lengths({5, 1, 33, 16, 17, 8});
  for (const Case& c : kCases) {
    for (const double p : {0.0, 0.25}) {
      for (const int64_t dim : {8, 20, 32}) {
        for (const bool one_query : {false, true}) {
          at::manual_seed(2);
          const int64_t width = 3 * dim, tokens = batch.tokens();
          const std::vector<at::Tensor> inputs = {
              at::randn({one_query ? batch.items() : tokens, width}).to(c.type),
              at::randn({tokens, width}).to(c.type), at::randn({tokens, width}).to(c.type)};
          ExpectSame(inputs, c.type == at::kFloat ? 5e-6 : 3e-2, [&](const auto& in) {
            return nn::Attention(
                in[0], in[1], in[2],
                one_query ? AttentionRows::OneQuery(batch) : AttentionRows::Whole(batch), 3,
                nn::MakeDropout(p, 9));
          });
        }
      }
    }
  }
}

TEST(FusedTest, CausalAttentionSeesWhatCameBeforeAndCrossAttentionAnotherSequence) {
  const Batch keys = Lengths({5, 3, 33, 16, 17, 8}), queries = Lengths({2, 9, 1, 16, 40, 3});
  for (const Case& c : kCases) {
    for (const double p : {0.0, 0.25}) {
      for (const bool causal : {false, true}) {
        at::manual_seed(2);
        const int64_t width = 3 * 20;
        const std::vector<at::Tensor> inputs = {
            at::randn({causal ? keys.tokens() : queries.tokens(), width}).to(c.type),
            at::randn({keys.tokens(), width}).to(c.type),
            at::randn({keys.tokens(), width}).to(c.type)};
        ExpectSame(inputs, c.type == at::kFloat ? 5e-6 : 3e-2, [&](const auto& in) {
          return nn::Attention(
              in[0], in[1], in[2],
              causal ? AttentionRows::Causal(keys) : AttentionRows::Across(queries, keys), 3,
              nn::MakeDropout(p, 9));
        });
      }
    }
  }
}

TEST(FusedTest, TheLastQueriesOfACausalItemSeeWhatTheyWouldInTheWhole) {
  // A cache of keys: the last two queries of each item alone.
  const Batch whole = Lengths({5, 2, 9}), tail = Lengths({2, 2, 2});
  at::manual_seed(2);
  const at::Tensor q = at::randn({16, 40}), k = at::randn({16, 40}), v = at::randn({16, 40});
  const at::Tensor last = torch::tensor({3, 4, 5, 6, 14, 15}, at::kLong);
  const AttentionRows rows{tail.starts, whole.starts, true};
  for (const bool plain : {false, true}) {
    std::optional<nn::PlainForms> forms;
    if (plain) forms.emplace();
    const at::Tensor all = nn::Attention(q, k, v, AttentionRows::Causal(whole), 2, {});
    const at::Tensor part = nn::Attention(q.index_select(0, last), k, v, rows, 2, {});
    EXPECT_LE(Difference(part, all.index_select(0, last)), 1e-6);
  }
}

TEST(VocabularyTest, LossesAndGradientsAreThoseOfTheLogits) {
  for (const double smoothing : {0.0, 0.1}) {
    for (const bool frozen : {false, true}) {
      at::manual_seed(7);
      const at::Tensor labels = at::randint(0, 50000, {400}, at::kLong);
      const at::Tensor x = 0.3 * at::randn({400, 8}), w = at::randn({50000, 8}),
                       b = at::randn({50000}), up = at::rand({400});
      const auto run = [&](bool whole) {
        const at::ScalarType type = whole ? at::kDouble : at::kFloat;
        const at::Tensor states = Leaf(x.clone(), type);
        at::Tensor weight = w.to(type, false, true), bias = b.to(type, false, true);
        if (!frozen) weight = Leaf(weight, type), bias = Leaf(bias, type);
        at::Tensor loss;
        if (whole) {
          const at::Tensor logs = at::log_softmax(at::linear(states, weight, bias), 1);
          loss = -(1 - smoothing) * logs.gather(1, labels.unsqueeze(1)).squeeze(1) -
                 smoothing * logs.mean(1);
        } else {
          loss = nn::VocabularyLoss(states, weight, bias, labels, smoothing);
        }
        (loss * up).sum().backward();
        std::vector<at::Tensor> result = {loss.detach(), states.grad()};
        if (!frozen) result.insert(result.end(), {weight.grad(), bias.grad()});
        return result;
      };
      // 167 rows of logits at a time: three chunks.
      const auto ours = run(false), theirs = run(true);
      for (size_t i = 0; i < ours.size(); ++i) {
        const double scale = 1 + theirs[i].abs().max().item<double>();
        EXPECT_LE(Difference(ours[i], theirs[i]) / scale, 2e-5) << i << " " << smoothing << frozen;
      }
    }
  }
}

TEST(KernelsTest, EveryInstructionSetGivesTheSameNumbers) {
  at::manual_seed(3);
  const int64_t rows = 7, n = 70;
  const at::Tensor x = at::randn({rows, n}), residual = at::randn({rows, n}),
                   gamma = at::randn({n}), beta = at::randn({n});
  const DropoutKey key = nn::MakeDropout(0.2, 4);
  const std::vector<int32_t> starts = {0, 3, 7};
  const AttentionShape shape{starts.data(), starts.data(), 2, 35, true, 0.2f, key};
  std::vector<std::vector<at::Tensor>> results;
  for (const Kernels* kernels : AllKernels()) {
    const at::Tensor y = at::empty_like(x), gelu = at::empty_like(x), attention = at::empty_like(x);
    const at::Tensor scratch = at::empty({kernels->attention_scratch(4, 35)});
    kernels->f32.add_norm(x.data_ptr<float>(), residual.data_ptr<float>(), gamma.data_ptr<float>(),
                          beta.data_ptr<float>(), 1e-12f, key, y.data_ptr<float>(), nullptr,
                          nullptr, nullptr, 0, rows, n);
    kernels->f32.gelu(x.data_ptr<float>(), gelu.data_ptr<float>(), x.numel());
    kernels->f32.attention(shape, x.data_ptr<float>(), residual.data_ptr<float>(),
                           x.data_ptr<float>(), attention.data_ptr<float>(), nullptr,
                           scratch.data_ptr<float>(), 0, 2);
    results.push_back({y, gelu, attention});
  }
  for (const auto& result : results) {
    for (size_t i = 0; i < result.size(); ++i)
      EXPECT_LE(Difference(result[i], results[0][i]), 2e-6) << i;
  }
}

TEST(ProductTest, Bf16ProductsAreRoundedOnceWhateverTheMachineMultiplies) {
  at::manual_seed(3);
  const auto bf16 = [](at::IntArrayRef shape) { return at::randn(shape).to(at::kBFloat16); };
  const at::Tensor x = Leaf(bf16({40, 96}), at::kBFloat16), w = Leaf(bf16({24, 96}), at::kBFloat16),
                   b = bf16({24});
  const at::Tensor exact = at::linear(x.to(at::kDouble), w.to(at::kDouble), b.to(at::kDouble));
  const at::Tensor y = nn::Linear(x, w, b);
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  const double half_ulp =
      1.0 / 256;  // of the largest value; one rounding, and a little for the sum
  EXPECT_LE(Difference(y.to(at::kDouble), exact),
            1.05 * half_ulp * exact.abs().max().item<double>());
  const at::Tensor low = nn::Linear(x, w, {}), up = bf16({96, 24});
  const at::Tensor sum = nn::AddLinear(x, low, up, 4.0);
  const at::Tensor wide =
      x.to(at::kDouble) + 4.0 * at::linear(low.to(at::kDouble), up.to(at::kDouble));
  EXPECT_LE(Difference(sum.to(at::kDouble), wide),
            1.05 * half_ulp * wide.abs().max().item<double>());
  sum.sum().backward();
  EXPECT_EQ(x.grad().scalar_type(), at::kBFloat16);
  EXPECT_EQ(w.grad().sizes(), w.sizes());
}

}  // namespace
}  // namespace eida::engine
