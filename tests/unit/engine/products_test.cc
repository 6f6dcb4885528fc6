// The products that go straight to BLAS beside the operators that they stand for.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/nn/functional.h"
#include "worker/engine/nn/gemm.h"
#include "worker/engine/nn/low_rank.h"
#include "worker/engine/nn/rows_linear.h"

namespace eida::engine {
namespace {

using nn::AsMatrix;

TEST(GemmTest, HasTheBitsOfTheOperatorInEveryForm) {
  torch::manual_seed(3);
  for (const int64_t m : {1, 2, 5, 33}) {
    for (const int64_t n : {1, 3, 48}) {
      for (const int64_t k : {1, 2, 17, 64}) {
        const at::Tensor a = torch::randn({m, k}), b = torch::randn({k, n}),
                         at = torch::randn({k, m}), bt = torch::randn({n, k});
        const at::Tensor base = torch::randn({m, n});
        const auto check = [&](const at::Tensor& left, const at::Tensor& right, const nn::Matrix& x,
                               const nn::Matrix& y) {
          const at::Tensor sum = base.clone();
          nn::Gemm(0.75F, x, y, 1, AsMatrix(sum));
          EXPECT_TRUE(at::equal(sum, at::addmm(base, left, right, 1, 0.75)))
              << m << " " << n << " " << k;
          EXPECT_TRUE(at::equal(nn::Times(x, y, base.options(), 2.5), at::mm(left, right) * 2.5))
              << m << " " << n << " " << k;
        };
        check(a, b, AsMatrix(a), AsMatrix(b));
        check(at.t(), b, AsMatrix(at).t(), AsMatrix(b));
        check(a, bt.t(), AsMatrix(a), AsMatrix(bt).t());
        check(at.t(), bt.t(), AsMatrix(at).t(), AsMatrix(bt).t());
      }
    }
  }
}

TEST(GemmTest, WritesToTheRowsThatItIsGiven) {
  at::Tensor sum = at::zeros({6, 3});
  const at::Tensor a = torch::randn({2, 4}), b = torch::randn({4, 3});
  nn::Gemm(1, AsMatrix(a), AsMatrix(b), 0, AsMatrix(sum).Rows(3, 2));
  EXPECT_TRUE(at::equal(sum.narrow(0, 3, 2), at::mm(a, b)));
  EXPECT_EQ(sum.narrow(0, 0, 3).abs().sum().item<float>(), 0);
  EXPECT_EQ(sum.narrow(0, 5, 1).abs().sum().item<float>(), 0);
}

TEST(GemmTest, OnlyContiguousFp32IsAMatrix) {
  EXPECT_TRUE(nn::IsMatrix(torch::zeros({2, 3})));
  EXPECT_FALSE(nn::IsMatrix(torch::zeros({2, 3}).t()));
  EXPECT_FALSE(nn::IsMatrix(torch::zeros({2, 3}).to(at::kBFloat16)));
  EXPECT_FALSE(nn::IsMatrix(torch::zeros({6})));
}

at::Tensor Leaf(at::IntArrayRef shape) { return torch::randn(shape).requires_grad_(true); }

// Gradients of everything in `leaves` by a weighted sum of y.
std::vector<at::Tensor> GradientsOf(const at::Tensor& y, const std::vector<at::Tensor>& leaves) {
  torch::manual_seed(11);
  return torch::autograd::grad({y}, leaves, {torch::randn(y.sizes()).to(y.scalar_type())});
}

void ExpectSameGradients(const at::Tensor& y, const at::Tensor& expected,
                         const std::vector<at::Tensor>& leaves) {
  EXPECT_LT(Difference(y, expected), 1e-5);
  const auto own = GradientsOf(y, leaves), other = GradientsOf(expected, leaves);
  for (size_t i = 0; i < leaves.size(); ++i) EXPECT_LT(Difference(own[i], other[i]), 1e-5) << i;
}

TEST(LinearByRowsTest, IsALinearMapOfEachPart) {
  torch::manual_seed(5);
  const at::Tensor x = Leaf({9, 4}), v = Leaf({3, 4}), w = Leaf({3, 4}), b = Leaf({3}),
                   c = Leaf({3});
  const auto expected = [&](const at::Tensor& bias) {
    return at::cat({at::linear(x.narrow(0, 0, 2), v, bias), at::linear(x.narrow(0, 2, 7), w, c)});
  };
  ExpectSameGradients(nn::LinearByRows(x, {{v, b, 2}, {w, c, 9}}), expected(b), {x, v, w, b, c});
  // By operators: a map without a bias.
  ExpectSameGradients(nn::LinearByRows(x, {{v, {}, 2}, {w, c, 9}}), expected({}), {x, v, w, c});
}

// Two terms with dropout of their own, rows 4 to 6 without one.
TEST(AddLowRankTest, AddsEachTermToItsRowsAndColumns) {
  const auto lanes = std::make_shared<const LaneRows>(std::vector<LaneRows::Ends>{{4, 7, 12}});
  const DropoutKey first = nn::MakeDropout(0.3, 1), third = nn::MakeDropout(0.5, 2);
  const DropoutKeys keys({first, {}, third}, lanes);
  for (const int64_t columns : {5, 2}) {
    torch::manual_seed(7);
    const at::Tensor x = Leaf({12, 6}), base = Leaf({12, 5});
    const at::Tensor a = Leaf({2, 6}), b = Leaf({columns, 2}), c = Leaf({1, 6}),
                     d = Leaf({columns, 1});
    const int64_t column = 5 - columns;
    const at::Tensor y = nn::AddLowRank(
        base * 1, x, keys, {{a, b, 0.5, 0, 4, column, columns}, {c, d, 3, 7, 5, column, columns}});
    const auto part = [&](int64_t begin, int64_t n, const DropoutKey& key, const at::Tensor& down,
                          const at::Tensor& up, double scale) {
      const at::Tensor input = x.narrow(0, begin, n) * nn::DropoutMask(key, n, 6);
      return at::constant_pad_nd(at::mm(at::mm(input, down.t()), up.t()) * scale,
                                 {column, 0, begin, 12 - begin - n});
    };
    const at::Tensor expected = base + part(0, 4, first, a, b, 0.5) + part(7, 5, third, c, d, 3);
    ExpectSameGradients(y, expected, {x, base, a, b, c, d});
  }
}

}  // namespace
}  // namespace eida::engine
