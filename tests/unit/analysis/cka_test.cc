#include "worker/analysis/cka.h"

#include <torch/torch.h>

#include <cmath>
#include <random>

#include "gtest/gtest.h"

namespace eida::analysis {
namespace {

// numpy.random.RandomState(seed).randn: MT19937 and the polar method, as the oracle's authors drew
// their numbers.
class NumpyGauss {
 public:
  explicit NumpyGauss(uint32_t seed) : twister_(seed) {}

  double Next() {
    if (kept_) {
      kept_ = false;
      return value_;
    }
    double x1, x2, r2;
    do {
      x1 = 2 * Unit() - 1;
      x2 = 2 * Unit() - 1;
      r2 = x1 * x1 + x2 * x2;
    } while (r2 >= 1 || r2 == 0);
    const double f = std::sqrt(-2 * std::log(r2) / r2);
    value_ = f * x1;
    kept_ = true;
    return f * x2;
  }

  at::Tensor Matrix(int64_t rows, int64_t columns) {
    at::Tensor out = torch::empty({rows, columns}, torch::kDouble);
    for (int64_t i = 0; i < rows * columns; ++i) out.data_ptr<double>()[i] = Next();
    return out;
  }

 private:
  double Unit() {
    const uint32_t a = twister_() >> 5, b = twister_() >> 6;
    return (a * 67108864.0 + b) / 9007199254740992.0;
  }

  std::mt19937 twister_;
  bool kept_ = false;
  double value_ = 0;
};

double Cka(const at::Tensor& x, const at::Tensor& y, bool unbiased) {
  const GramVectors a = MakeGramVectors(x), b = MakeGramVectors(y);
  return *AllPairsCka(unbiased ? std::vector{a.unbiased, b.unbiased}
                               : std::vector{a.biased, b.biased})[0][1];
}

TEST(CkaTest, EqualsTheReferenceNumbersOfGoogleResearch) {
  NumpyGauss gauss(1337);
  const at::Tensor x = gauss.Matrix(100, 10), y = gauss.Matrix(100, 10) + x;
  ASSERT_NEAR(x[0][0].item<double>(), -0.7031873, 1e-6) << "the generator is not numpy's";
  EXPECT_NEAR(Cka(x, y, false), 0.55761, 5e-6);
  EXPECT_NEAR(Cka(x, y, true), 0.51346, 5e-6);
}

TEST(CkaTest, IsInvariantToRotationScaleAndShiftOfFeatures) {
  NumpyGauss gauss(5);
  const at::Tensor x = gauss.Matrix(60, 12), y = gauss.Matrix(60, 9) + x.narrow(1, 0, 9);
  const at::Tensor rotation = std::get<0>(torch::linalg_qr(gauss.Matrix(12, 12)));
  for (const bool unbiased : {false, true}) {
    const double expected = Cka(x, y, unbiased);
    EXPECT_NEAR(Cka(x.matmul(rotation), y, unbiased), expected, 1e-6);
    EXPECT_NEAR(Cka(x * 17.5, y, unbiased), expected, 1e-6);
    EXPECT_NEAR(Cka(x + 100 * gauss.Matrix(1, 12), y, unbiased), expected, 1e-5);
    EXPECT_NEAR(Cka(y, x, unbiased), expected, 1e-12);
    EXPECT_NEAR(Cka(x, x.matmul(rotation), unbiased), 1, 1e-6);
  }
  EXPECT_LT(Cka(x, torch::cat({x.narrow(1, 0, 6) * 5, x.narrow(1, 6, 6)}, 1), false), 0.99)
      << "not invariant to stretching";
}

TEST(CkaTest, IndependentFeaturesGiveTheFloorOfEachEstimator) {
  NumpyGauss gauss(11);
  const int64_t n = 128, d = 192;
  double biased = 0, unbiased = 0;
  const int rounds = 8;
  for (int i = 0; i < rounds; ++i) {
    const at::Tensor x = gauss.Matrix(n, d), y = gauss.Matrix(n, d);
    biased += Cka(x, y, false) / rounds;
    unbiased += Cka(x, y, true) / rounds;
  }
  EXPECT_NEAR(biased, static_cast<double>(d) / static_cast<double>(n + d), 0.006);
  EXPECT_NEAR(unbiased, 0, 0.006);
}

// Linear CKA as Kornblith writes it, in feature space and fp64.
double FeatureSpaceCka(const at::Tensor& x, const at::Tensor& y) {
  const at::Tensor a = x - x.mean(0, true), b = y - y.mean(0, true);
  const double cross = a.t().mm(b).pow(2).sum().item<double>();
  return cross / std::sqrt(a.t().mm(a).pow(2).sum().item<double>() *
                           b.t().mm(b).pow(2).sum().item<double>());
}

TEST(CkaTest, OneProductForAllPairsEqualsPairAfterPair) {
  NumpyGauss gauss(2);
  const at::Tensor common = gauss.Matrix(40, 6);
  std::vector<at::Tensor> features, biased;
  for (int i = 0; i < 7; ++i) {
    features.push_back(gauss.Matrix(40, 6) + common * (0.3 * i));
    biased.push_back(MakeGramVectors(features.back()).biased);
  }
  const Values values = AllPairsCka(biased);
  for (size_t i = 0; i < features.size(); ++i) {
    EXPECT_EQ(*values[i][i], 1.0);
    for (size_t j = 0; j < features.size(); ++j) {
      EXPECT_EQ(*values[i][j], *values[j][i]);
      EXPECT_NEAR(*values[i][j], FeatureSpaceCka(features[i], features[j]), 1e-6);
    }
  }
}

TEST(CkaTest, AModelWithoutFeaturesHasNoValue) {
  NumpyGauss gauss(4);
  const Values values = AllPairsCka(
      {MakeGramVectors(gauss.Matrix(10, 3)).biased, MakeGramVectors(torch::ones({10, 3})).biased});
  EXPECT_TRUE(values[0][0].has_value());
  EXPECT_FALSE(values[0][1].has_value());
  EXPECT_FALSE(values[1][1].has_value());
}

TEST(CkaTest, GramVectorsAreTheUpperTriangleSoThatADotProductIsTheTrace) {
  NumpyGauss gauss(6);
  const at::Tensor x = gauss.Matrix(12, 4), y = gauss.Matrix(12, 4);
  const GramVectors a = MakeGramVectors(x), b = MakeGramVectors(y);
  ASSERT_EQ(a.biased.sizes(), (std::vector<int64_t>{12 * 13 / 2}));
  const at::Tensor xc = x - x.mean(0, true), yc = y - y.mean(0, true);
  const double trace = (xc.mm(xc.t()) * yc.mm(yc.t())).sum().item<double>();
  EXPECT_NEAR(a.biased.to(torch::kDouble).dot(b.biased.to(torch::kDouble)).item<double>(), trace,
              1e-4 * std::abs(trace));
}

}  // namespace
}  // namespace eida::analysis
