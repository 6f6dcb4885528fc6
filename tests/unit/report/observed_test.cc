#include "client/report/observed.h"

#include "client/report/papers/published.h"
#include "gmock/gmock.h"

namespace eida::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// RoBERTa's inputs of attn_out with the document's own values, and one update; two repeats.
Observation Sample() {
  Observation o{"tokens", "train", {128, 256}, {32, 64}, 2, 10, {}};
  const PublishedFigure& figure = *FindObserved("roberta", "input", "attn_out");
  for (size_t layer = 0; layer < figure.of_64.size(); ++layer) {
    const double of_32 = figure.of_32[layer], of_64 = figure.of_64[layer];
    const std::vector<std::vector<double>> right = {{of_32 - 0.01, of_32 + 0.01},
                                                    {of_64 - 0.01, of_64 + 0.01}};
    const std::vector<std::vector<double>> wrong = {{0.1, 0.1}, {0.2, 0.2}};
    o.sites.push_back({"layer." + std::to_string(layer),
                       "attn_out",
                       "input",
                       static_cast<int64_t>(layer),
                       {wrong, right}});
  }
  o.sites.push_back({"pooler", "fc1", "update", -1, {{{0.5}, {0.9}}, {{0.5}, {0.51}}}});
  return o;
}

TEST(Observed, TheDocumentsFiguresAreWhole) {
  EXPECT_EQ(ObservedFigures().size(), 20u);
  for (const PublishedFigure& figure : ObservedFigures()) {
    EXPECT_EQ(figure.of_64.size(), 12u) << figure.role;
    EXPECT_EQ(figure.of_32.size(), 12u) << figure.role;
  }
  EXPECT_DOUBLE_EQ(FindObserved("gpt2", "input", "query")->of_64[0], 0.916);
  EXPECT_DOUBLE_EQ(FindObserved("roberta", "update", "fc2")->of_32[10], 0.982);
  EXPECT_EQ(FindObserved("bert", "input", "query"), nullptr);
}

TEST(Observed, TheRuleTakesPlacesThatGain) {
  const Observation o = Sample();
  const Rule rule = ApplyRule(o, "input", 1);
  EXPECT_EQ(rule.all, 12);
  // By the table of three digits; layers 8 and 10 lie within 0.001 of the threshold.
  EXPECT_EQ(rule.large, static_cast<int64_t>(rule.sites.size()));
  std::vector<int64_t> layers;
  for (const ObservedSite* site : rule.sites) layers.push_back(site->layer);
  EXPECT_THAT(layers, testing::Contains(11));
  EXPECT_THAT(layers, testing::Not(testing::Contains(9)));
  EXPECT_EQ(ApplyRule(Sample(), "update", 1).large, 0);
  EXPECT_EQ(ApplyRule(Sample(), "update", 0).large, 1);
}

TEST(Observed, TheShownSizeIsThePapers) {
  EXPECT_EQ(ShownSize(Sample(), "roberta"), 1u);
  EXPECT_EQ(ShownSize(Sample(), "gpt2"), 0u);
}

TEST(Observed, MeansStandBesideTheDocuments) {
  const Table table = LayerMeans(Sample(), "roberta");
  ASSERT_GE(table.rows.size(), 2u);
  EXPECT_NEAR(*table.rows[1].cells[1].difference(), 0, 1e-9);
  EXPECT_NEAR(*table.rows[1].cells[2].difference(), 0, 1e-9);
  EXPECT_EQ(table.rows[1].cells[1].n, 2);
  EXPECT_FALSE(LayerMeans(Sample(), "bert").rows[1].cells[1].published.has_value());
}

TEST(Observed, ALayerThatTheDocumentsFigureHidesIsNotCompared) {
  Observation o{"tokens", "train", {256}, {32, 64}, 1, 10, {}};
  const PublishedFigure& figure = *FindObserved("roberta", "update", "fc2");
  for (size_t layer = 0; layer < 12; ++layer)
    o.sites.push_back({"l." + std::to_string(layer),
                       "fc2",
                       "update",
                       static_cast<int64_t>(layer),
                       {{{layer == 11 ? 0 : figure.of_32[layer]}, {figure.of_64[layer]}}}});
  const Table table = LayerMeans(o, "roberta");
  EXPECT_NEAR(*table.rows[2].cells[2].difference(), 0, 1e-9);
}

TEST(Observed, TheDocumentsLinesAreDashedBesideOurs) {
  const Figure figure = ByLayer(Sample(), "input", "roberta");
  ASSERT_EQ(figure.panels.size(), 1u);
  const auto& plot = std::get<render::LinePlot>(figure.panels[0]);
  std::vector<std::string> labels;
  for (const render::Series& line : plot.series) labels.push_back(line.label);
  EXPECT_THAT(labels,
              ElementsAre("64 dims", "32 dims", "64 dims, published", "32 dims, published"));
  EXPECT_TRUE(plot.series[2].dashed);
  EXPECT_EQ(std::get<render::LinePlot>(ByLayer(Sample(), "input", "").panels[0]).series.size(), 2u);
  // A place of no layer has no point; a role without points no panel.
  EXPECT_TRUE(ByLayer(Sample(), "update", "roberta").panels.empty());
}

TEST(Observed, RuleTableHasTheDocumentsCounts) {
  const Table table = RuleTable(Sample(), "roberta");
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].cells[1].published, 10);
  EXPECT_EQ(table.rows[0].cells[3].text, "49");
  EXPECT_EQ(table.rows[0].cells[4].text, "attn_out 0–3, 5–8, 10–11");
  EXPECT_EQ(table.rows[1].cells[4].text, "none");
}

}  // namespace
}  // namespace eida::report
