// heatmap and get pairs: orders of rows and columns, two selections, pairs that are missing.
#include "tests/unit/client/program.h"
#include "tests/unit/client/study.h"

namespace eida::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class MatricesTest : public testing::Test {
 protected:
  MatricesTest() {
    for (v1::Run& run : api_.runs) {
      if (run.variant() == "lora-r8") run.set_settings(R"({"adapter": {"type": "lora", "r": 8}})");
    }
  }
  // An analysis of the demo's four runs.
  void Add(const std::string& name, Json content, const std::string& metric = "convexity_gap") {
    content.update({{"metric", metric},
                    {"labels", {"full/seed0", "full/seed1", "lora-r8/seed0", "lora-r8/seed1"}},
                    {"variants", {"full", "full", "lora-r8", "lora-r8"}},
                    {"seeds", {0, 1, 0, 1}}});
    v1::Job job;
    job.set_id(50 + static_cast<int64_t>(api_.jobs.size()));
    job.set_sweep(2);
    job.set_kind(v1::JOB_KIND_MATRIX);
    job.set_name("matrix/" + name);
    job.set_state(v1::JOB_STATE_SUCCEEDED);
    job.set_spec(Json{{"metric", metric}, {"members", content["labels"]}}.dump());
    v1::Artifact* artifact = job.add_artifacts();
    artifact->set_name("matrix");
    artifact->set_kind("matrix");
    artifact->set_digest(api_.Keep(content.dump()));
    api_.jobs.push_back(job);
  }
  void AddGaps() {
    Add("gaps",
        {{"values", {{0, 9, 1, 8}, {9, 0, 7, 2}, {1, 7, 0, 6}, {8, 2, 6, 0}}},
         {"ci_low", {{nullptr, 8.5, nullptr, nullptr}, {}, {}, {}}},
         {"ci_high", {{nullptr, 9.5, nullptr, nullptr}, {}, {}, {}}},
         {"detail", {{"split", "select"}, {"n", 64}, {"alphas", 11}, {"space", "adapter"}}}});
  }
  Outcome Run(std::vector<std::string> arguments) { return Program(api_).Run(arguments); }
  std::vector<std::string> Header(const std::string& order) {
    const auto rows =
        Run({"heatmap", "--analysis", "gaps", "--order", order, "--format", "csv"}).csv();
    return {rows[0].begin() + 1, rows[0].end()};
  }
  FakeApi api_ = DemoApi();
  StudyFiles files_;
};

TEST_F(MatricesTest, RowsAndColumnsStandInTheOrderThatIsAskedFor) {
  AddGaps();
  EXPECT_THAT(Header("grid"),
              ElementsAre("full/seed0", "full/seed1", "lora-r8/seed0", "lora-r8/seed1"));
  EXPECT_THAT(Header("rank"),
              ElementsAre("lora-r8/seed0", "lora-r8/seed1", "full/seed0", "full/seed1"));
  EXPECT_THAT(Header("seed"),
              ElementsAre("full/seed0", "lora-r8/seed0", "full/seed1", "lora-r8/seed1"));
  // 0-2 at 1, 1-3 at 2, the two at (9 + 8 + 7 + 6) / 4.
  EXPECT_THAT(Header("cluster"),
              ElementsAre("full/seed0", "lora-r8/seed0", "full/seed1", "lora-r8/seed1"));
  const auto rows = Run({"heatmap", "--analysis", "gaps", "--order", "rank", "-o", "csv"}).csv();
  EXPECT_THAT(rows[1], ElementsAre("lora-r8/seed0", "0", "6", "1", "7"));
  EXPECT_EQ(Run({"heatmap", "--order", "size"}).code, kUsage);
}

TEST_F(MatricesTest, ClustersOfCkaJoinWhatIsAlike) {
  // Close in CKA means close to 1: 0-3 and 1-2.
  Add("gaps", {{"values", {{1, .1, .2, .9}, {.1, 1, .8, .2}, {.2, .8, 1, .1}, {.9, .2, .1, 1}}}},
      "cka");
  EXPECT_THAT(Header("cluster"),
              ElementsAre("full/seed0", "lora-r8/seed1", "full/seed1", "lora-r8/seed0"));
}

TEST_F(MatricesTest, ATreeIsDrawnOfClustersOnly) {
  AddGaps();
  const std::string svg = files_.Path("tree.svg");
  EXPECT_EQ(
      Run({"heatmap", "--analysis", "gaps", "--order", "cluster", "--dendrogram", "-O", svg}).code,
      kOk);
  const Outcome alone = Run({"heatmap", "--analysis", "gaps", "--dendrogram", "-O", svg});
  EXPECT_EQ(alone.code, kUsage);
  EXPECT_THAT(alone.err, HasSubstr("--order cluster"));
}

TEST_F(MatricesTest, IntervalsStandInTheCellsWhereThereAreAny) {
  AddGaps();
  Add("alike",
      {{"values", {{1, .5, .5, .5}, {.5, 1, .5, .5}, {.5, .5, 1, .5}, {.5, .5, .5, 1}}},
       {"ci_low", nullptr}},
      "cka");
  EXPECT_EQ(
      Run({"heatmap", "--analysis", "gaps", "--annot", "ci", "-O", files_.Path("a.svg")}).code,
      kOk);
  EXPECT_EQ(
      Run({"heatmap", "--analysis", "gaps", "--annot", "on", "-O", files_.Path("b.svg")}).code,
      kOk);
  EXPECT_GT(ReadFile(files_.Path("a.svg"))->size(), ReadFile(files_.Path("b.svg"))->size());
  const Outcome none =
      Run({"heatmap", "--analysis", "alike", "--annot", "ci", "-O", files_.Path("c.svg")});
  EXPECT_EQ(none.code, kUsage);
  EXPECT_THAT(none.err, HasSubstr("has no intervals"));
}

TEST_F(MatricesTest, OfTwoSelectionsTheOneIsTheRows) {
  const Json none;
  Add("cross",
      {{"values", {{0, none, none, 1}, {none, 0, none, 2}, {none, none, 0, 3}, {1, 2, 3, 0}}},
       {"detail", {{"rows", 3}, {"split", "select"}}}});
  const auto rows = Run({"heatmap", "--analysis", "cross", "-o", "csv"}).csv();
  EXPECT_THAT(rows[0], ElementsAre("", "lora-r8/seed1"));
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_THAT(rows[3], ElementsAre("lora-r8/seed0", "3"));
  for (const char* format : {"png", "svg", "pdf", "npy"}) {
    const Outcome outcome = Run({"heatmap", "--analysis", "cross", "--format", format, "-O",
                                 files_.Path("cross"), "--order", "seed"});
    EXPECT_EQ(outcome.code, kOk) << outcome.err;
  }
  EXPECT_THAT(*ReadFile(files_.Path("cross.labels.json")), HasSubstr("\"columns\""));
  const Outcome clusters = Run({"heatmap", "--analysis", "cross", "--order", "cluster"});
  EXPECT_EQ(clusters.code, kUsage);
  EXPECT_THAT(clusters.err, HasSubstr("between two selections"));
  EXPECT_THAT(
      Run({"heatmap", "--analysis", "cross", "--triangle", "lower", "-O", files_.Path("x.png")})
          .err,
      HasSubstr("lower triangle"));
  EXPECT_THAT(Run({"heatmap", "--analysis", "cross"}).out, HasSubstr("lora-r8"));
  const auto pairs = Run({"get", "pairs", "-s", "cross", "-o", "csv"}).csv();
  EXPECT_EQ(pairs.size(), 4u);
}

TEST_F(MatricesTest, WhatIsMissingIsSaidAndTheRestIsDrawn) {
  const Json none;
  const std::string why = "train/lora-r8/seed1 failed: nonfinite: loss is not finite";
  Json missing = Json::array();
  for (int i = 0; i < 3; ++i) missing.push_back({{"i", i}, {"j", 3}, {"reason", why}});
  Add("holes",
      {{"values", {{0, 1, 2, none}, {1, 0, 3, none}, {2, 3, 0, none}, {none, none, none, none}}},
       {"missing", missing}});
  const Outcome csv = Run({"heatmap", "--analysis", "holes", "-o", "csv"});
  EXPECT_THAT(csv.csv()[1], ElementsAre("full/seed0", "0", "1", "2", ""));
  EXPECT_THAT(csv.err, HasSubstr("3 pairs are missing: " + why));
  EXPECT_EQ(Run({"heatmap", "--analysis", "holes", "-o", "csv", "-q"}).err, "");
  const Json json = Run({"heatmap", "--analysis", "holes", "-o", "json"}).json();
  EXPECT_TRUE(json["values"][0][3].is_null());
  EXPECT_EQ(json["missing"].size(), 3u);
  for (const char* order : {"grid", "cluster"}) {
    EXPECT_EQ(
        Run({"heatmap", "--analysis", "holes", "--order", order, "-O", files_.Path("holes.png")})
            .code,
        kOk);
  }
  EXPECT_THAT(Run({"heatmap", "--analysis", "holes"}).out, HasSubstr("3 pairs missing"));
}

TEST_F(MatricesTest, EveryPairIsARowThatSaysWhatItRestsOn) {
  AddGaps();
  const Json pairs = Run({"get", "pairs", "-s", "gaps", "-o", "json"}).json();
  ASSERT_EQ(pairs["items"].size(), 6u);
  const Json first = pairs["items"][0];
  EXPECT_EQ(first["a"], "full/seed0");
  EXPECT_EQ(first["b"], "full/seed1");
  EXPECT_EQ(first["value"], 9);
  EXPECT_EQ(first["ci_low"], 8.5);
  EXPECT_EQ(first["ci_high"], 9.5);
  EXPECT_EQ(first["n"], 64);
  EXPECT_EQ(first["alphas"], 11);
  EXPECT_EQ(first["split"], "select");
  EXPECT_EQ(first["space"], "adapter");
  EXPECT_TRUE(first["layer"].is_null());
  EXPECT_TRUE(pairs["items"][1]["ci_low"].is_null());
  EXPECT_THAT(Run({"get", "pairs", "-s", "gaps"}).out, HasSubstr("8.5000"));
  EXPECT_THAT(Run({"get", "pairs", "-s", "gaps"}).out, Not(HasSubstr("lora-r8/seed1  full")));
}

}  // namespace
}  // namespace eida::client
