#include "worker/analysis/matrix.h"

#include "common/base/fs.h"
#include "fake_study.h"
#include "gtest/gtest.h"
#include "worker/analysis/analysis.h"
#include "worker/analysis/cka.h"
#include "worker/analysis/curve.h"
#include "worker/analysis/measures/measures.h"

namespace eida::analysis {
namespace {

engine::Job MatrixJob(const TempDir& dir, const std::string& metric, int members) {
  engine::Job job;
  job.kind = "matrix";
  job.name = "matrix/test";
  job.out = dir.path();
  job.spec = {{"metric", metric},
              {"members", Json::array()},
              {"pairs", Json::array()},
              {"detail", {{"analysis", "x"}}}};
  for (int i = 0; i < members; ++i) {
    job.spec["members"].push_back(
        {{"label", "m" + std::to_string(i)}, {"variant", "v"}, {"seed", i}});
  }
  return job;
}

// A curve file of one bump of that height.
std::string WriteCurve(const TempDir& dir, const std::string& name, double height,
                       const std::string& item_hash = "ab") {
  Curve curve;
  curve.alphas = {0, 0.5, 1};
  curve.loss = {1, 1 + height, 1};
  curve.accuracy = {0.5, 0.25, 0.5};
  curve.gap = MeasureGap(curve.alphas, curve.loss, {0.5, 0.75, 0.5});
  curve.intervals = Intervals{0.95, 7, {height / 2, height * 2}, {height / 4, height * 4}, {}, {}};
  curve.n = 8;
  curve.split = "select";
  curve.item_hash = item_hash;
  const std::string path = JoinPath(dir.path(), name);
  EXPECT_TRUE(WriteFileAtomic(path, Pretty(CurveJson(curve))).ok());
  return path;
}

TEST(MatrixTest, CurvesBecomeASymmetricMatrixWithNullsWhereNoPairIs) {
  const TempDir dir;
  engine::Job job = MatrixJob(dir, "barrier", 3);
  job.spec["pairs"] = Json::parse("[[0, 1], [1, 2]]");
  job.inputs = {{"pair/0/1", WriteCurve(dir, "c01", 0.5)},
                {"pair/1/2", WriteCurve(dir, "c12", 0.25)}};
  QuietEvents events;
  const auto result = RunMatrix(job, events);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->artifacts.size(), 1u);
  EXPECT_EQ(result->artifacts[0].name, "matrix");
  EXPECT_EQ(result->artifacts[0].kind, "matrix");
  const auto json = ReadJsonFile(result->artifacts[0].path);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ((*json)["format"], "eida/matrix/v1");
  EXPECT_EQ((*json)["values"],
            Json::parse("[[0.0, 0.5, null], [0.5, 0.0, 0.25], [null, 0.25, 0.0]]"));
  EXPECT_EQ((*json)["extra"]["error_barrier"][0][1], 0.25);
  EXPECT_EQ((*json)["ci_low"],
            Json::parse("[[null, 0.125, null], [0.125, null, 0.0625], [null, 0.0625, null]]"));
  EXPECT_EQ((*json)["ci_high"][1][0], 2.0);
  EXPECT_EQ((*json)["detail"]["confidence"], 0.95);
  EXPECT_EQ((*json)["missing"], Json::array());
  EXPECT_EQ((*json)["detail"]["space"], "merged");
  EXPECT_EQ((*json)["labels"], Json::parse("[\"m0\", \"m1\", \"m2\"]"));
  EXPECT_EQ((*json)["seeds"], Json::parse("[0, 1, 2]"));
  EXPECT_EQ((*json)["detail"]["n"], 8);
  EXPECT_EQ((*json)["detail"]["alphas"], 3);
  EXPECT_EQ((*json)["detail"]["analysis"], "x");
  EXPECT_EQ(result->summary["mean"], 0.375);
  EXPECT_EQ(result->summary["min"], 0.25);
  EXPECT_EQ(result->summary["max"], 0.5);
  EXPECT_EQ(result->summary["pairs"], 2);
}

TEST(MatrixTest, WhatFailedIsNamedAndTheRestIsThere) {
  const TempDir dir;
  engine::Job job = MatrixJob(dir, "barrier", 3);
  job.spec["pairs"] = Json::parse("[[0, 1], [0, 2], [1, 2]]");
  job.inputs = {{"pair/0/1", WriteCurve(dir, "c01", 0.5)}};
  job.missing = {{"pair/0/2", "train/m2 failed: nonfinite: loss"},
                 {"pair/1/2", "train/m2 failed: nonfinite: loss"}};
  QuietEvents events;
  const auto result = RunMatrix(job, events);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto json = ReadJsonFile(result->artifacts[0].path);
  EXPECT_EQ((*json)["values"],
            Json::parse("[[0.0, 0.5, null], [0.5, 0.0, null], [null, null, null]]"));
  ASSERT_EQ((*json)["missing"].size(), 2u);
  EXPECT_EQ((*json)["missing"][1],
            Json({{"i", 1}, {"j", 2}, {"reason", "train/m2 failed: nonfinite: loss"}}));
  EXPECT_EQ(result->summary["missing"], 2);
  EXPECT_EQ(result->summary["pairs"], 1);

  // An input that is neither there nor said to be missing is a mistake of whoever wrote the job.
  job.missing.erase("pair/1/2");
  EXPECT_EQ(engine::ErrorClassOf(RunMatrix(job, events).status()), "config");
  job.missing["pair/1/2"] = "train/m1 was cancelled";
  job.missing["pair/0/1"] = "train/m1 was cancelled";
  const auto none = RunMatrix(job, events);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(engine::ErrorClassOf(none.status()), "data");
  EXPECT_NE(Message(none.status()).find("every pair is missing"), std::string::npos);
  EXPECT_NE(Message(none.status()).find("train/m1 was cancelled"), std::string::npos);
}

TEST(MatrixTest, CurvesOverOtherItemsDoNotMix) {
  const TempDir dir;
  engine::Job job = MatrixJob(dir, "convexity_gap", 3);
  job.spec["pairs"] = Json::parse("[[0, 1], [1, 2]]");
  job.inputs = {{"pair/0/1", WriteCurve(dir, "c01", 0.5)},
                {"pair/1/2", WriteCurve(dir, "c12", 0.25, "cd")}};
  QuietEvents events;
  const auto result = RunMatrix(job, events);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(engine::ErrorClassOf(result.status()), "data");
  EXPECT_NE(Message(result.status()).find("pair/1/2"), std::string::npos) << result.status();
}

TEST(MatrixTest, BadRequestsAreConfigErrorsThatNameThePart) {
  const TempDir dir;
  QuietEvents events;
  const auto refused = [&](const std::function<void(Json&)>& change) {
    engine::Job job = MatrixJob(dir, "barrier", 2);
    change(job.spec);
    const auto result = RunMatrix(job, events);
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(engine::ErrorClassOf(result.status()), "config") << result.status();
    return Message(result.status());
  };
  EXPECT_NE(refused([](Json& s) {
              s["metric"] = "cosine";
            }).find("barrier, cka, convexity_gap, error_barrier"),
            std::string::npos);
  EXPECT_NE(refused([](Json& s) { s.erase("metric"); }).find("metric"), std::string::npos);
  EXPECT_NE(refused([](Json& s) { s["members"] = Json::array(); }).find("members"),
            std::string::npos);
  EXPECT_NE(refused([](Json& s) { s["pairs"] = Json::parse("[[0, 2]]"); }).find("[0,2]"),
            std::string::npos);
  EXPECT_NE(refused([](Json& s) { s["pairs"] = Json::parse("[[0]]"); }).find("[i, j]"),
            std::string::npos);
  EXPECT_NE(refused([](Json& s) { s["pairs"] = Json::parse("[[0, 1]]"); }).find("pair/0/1"),
            std::string::npos);
}

// Gram files of random features that share a part, two layers.
std::string WriteGram(const TempDir& dir, int member, const std::string& item_hash = "ab",
                      int64_t n = 20) {
  torch::manual_seed(1);
  const at::Tensor common = torch::randn({n, 5});
  torch::manual_seed(100 + member);
  engine::Weights tensors;
  for (const std::string layer : {"last", "layer.0"}) {
    const GramVectors vectors = MakeGramVectors(common + torch::randn({n, 5}));
    tensors[layer + ".biased"] = vectors.biased;
    tensors[layer + ".unbiased"] = vectors.unbiased;
  }
  const std::string path = JoinPath(dir.path(), "gram" + std::to_string(member));
  EXPECT_TRUE(engine::WriteSafetensors(tensors,
                                       {{"format", "pt"},
                                        {"eida.layers", "[\"last\",\"layer.0\"]"},
                                        {"eida.n", std::to_string(n)},
                                        {"eida.item_hash", item_hash},
                                        {"eida.pool", "mean_nonspecial"}},
                                       path)
                  .ok());
  return path;
}

TEST(MatrixTest, CkaOfTheMembersThatAreLeftIsTheSameAsWithoutTheOthers) {
  const TempDir dir;
  QuietEvents events;
  engine::Job whole = MatrixJob(dir, "cka", 2), holed = MatrixJob(dir, "cka", 3);
  whole.inputs = {{"member/0", WriteGram(dir, 1)}, {"member/1", WriteGram(dir, 2)}};
  holed.inputs = {{"member/1", WriteGram(dir, 1)}, {"member/2", WriteGram(dir, 2)}};
  holed.missing = {{"member/0", "train/m0 failed"}};
  const auto values = [&](const engine::Job& job) {
    const auto result = RunMatrix(job, events);
    EXPECT_TRUE(result.ok()) << result.status();
    return *ReadJsonFile(result->artifacts[0].path);
  };
  const Json left = values(whole), json = values(holed);
  EXPECT_EQ(json["values"][1][2], left["values"][0][1]);
  EXPECT_EQ(json["values"][0], Json::parse("[null, null, null]"));
  EXPECT_EQ(json["missing"].size(), 2u);
  EXPECT_TRUE(json["ci_low"].is_null());
}

TEST(MatrixTest, CkaMakesOneMatrixALayerWithBothEstimators) {
  const TempDir dir;
  engine::Job job = MatrixJob(dir, "cka", 3);
  job.spec["pairs"] = Json::parse("[[0, 1], [0, 2], [1, 2]]");
  job.spec["detail"]["estimator"] = "biased";
  for (int i = 0; i < 3; ++i) job.inputs["member/" + std::to_string(i)] = WriteGram(dir, i);
  QuietEvents events;
  const auto result = RunMatrix(job, events);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->artifacts.size(), 2u);
  EXPECT_EQ(result->artifacts[0].name, "matrix");
  EXPECT_EQ(result->artifacts[1].name, "matrix/layer.0");
  const auto last = ReadJsonFile(result->artifacts[0].path);
  ASSERT_TRUE(last.ok());
  EXPECT_EQ((*last)["values"], (*last)["extra"]["biased"]);
  EXPECT_NE((*last)["extra"]["biased"], (*last)["extra"]["unbiased"]);
  EXPECT_EQ((*last)["values"][1][1], 1.0);
  EXPECT_GT((*last)["values"][0][1].get<double>(), 0.2);
  EXPECT_EQ((*last)["detail"]["layer"], "last");
  EXPECT_EQ((*last)["detail"]["estimator"], "biased");
  EXPECT_EQ((*last)["detail"]["n"], 20);

  job.spec["detail"]["estimator"] = "gaussian";
  EXPECT_EQ(engine::ErrorClassOf(RunMatrix(job, events).status()), "config");
}

TEST(MatrixTest, GramsOverOtherItemsDoNotMix) {
  const TempDir dir;
  engine::Job job = MatrixJob(dir, "cka", 2);
  job.inputs = {{"member/0", WriteGram(dir, 0)}, {"member/1", WriteGram(dir, 1, "cd")}};
  QuietEvents events;
  const auto result = RunMatrix(job, events);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(engine::ErrorClassOf(result.status()), "data");
  EXPECT_NE(Message(result.status()).find("member/1"), std::string::npos) << result.status();
}

// The contract of a pairwise measure: symmetric, its own value on the diagonal, and the same
// numbers whatever the order.
TEST(MeasureContractTest, EveryMeasureOfTheTableIsSymmetricAndIndependentOfTheMembersOrder) {
  for (const std::string& metric : MeasureNames()) {
    SCOPED_TRACE(metric);
    const TempDir dir;
    engine::Job job = MatrixJob(dir, metric, 3), turned = job;
    job.spec["pairs"] = turned.spec["pairs"] = Json::parse("[[0, 1], [0, 2], [1, 2]]");
    for (int i = 0; i < 3; ++i) {
      job.inputs["member/" + std::to_string(i)] = turned.inputs["member/" + std::to_string(2 - i)] =
          WriteGram(dir, i);
      for (int j = i + 1; j < 3; ++j) {
        const std::string pair = std::to_string(i) + "/" + std::to_string(j);
        const std::string other = std::to_string(2 - j) + "/" + std::to_string(2 - i);
        job.inputs["pair/" + pair] = turned.inputs["pair/" + other] =
            WriteCurve(dir, "c" + std::to_string(3 * i + j), 0.1 * (i + j));
      }
    }
    const Values a = (*(*FindMeasure(metric))(job, *ParseMatrixRequest(job)))[0].values;
    const Values b = (*(*FindMeasure(metric))(turned, *ParseMatrixRequest(turned)))[0].values;
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(a[i][i], a[0][0]);
      for (int j = 0; j < 3; ++j) {
        ASSERT_TRUE(a[i][j].has_value());
        EXPECT_EQ(a[i][j], a[j][i]);
        EXPECT_NEAR(*a[i][j], *b[2 - i][2 - j], 1e-12);
      }
    }
  }
}

}  // namespace
}  // namespace eida::analysis
