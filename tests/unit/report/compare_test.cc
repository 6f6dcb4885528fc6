#include "client/report/compare.h"

#include <cmath>

#include "client/report/paper.h"
#include "gmock/gmock.h"
#include "tests/unit/report/sample_study.h"

namespace eida::report {
namespace {

using testing::HasSubstr;

const Table* TableOf(const PaperPart& part, const std::string& id) {
  for (const Section& section : part.sections) {
    for (const Block& block : section.blocks) {
      const auto* table = std::get_if<Table>(&block);
      if (table != nullptr && table->id == id) return table;
    }
  }
  return nullptr;
}

const Figure* FigureOf(const PaperPart& part, const std::string& id) {
  for (const Section& section : part.sections) {
    for (const Block& block : section.blocks) {
      const auto* figure = std::get_if<Figure>(&block);
      if (figure != nullptr && figure->id == id) return figure;
    }
  }
  return nullptr;
}

// The cells of a row, by the heading it stands under and its first cell.
const Row* RowOf(const Table& table, const std::string& heading, const std::string& first) {
  std::string at;
  for (const Row& row : table.rows) {
    if (row.heading)
      at = row.cells[0].text;
    else if (at == heading && row.cells[0].text == first)
      return &row;
  }
  return nullptr;
}

std::string MissingOf(const PaperPart& part, const std::string& item) {
  for (const Missing& missing : part.missing) {
    if (missing.item == item) return missing.what;
  }
  return "";
}

class ThesisTest : public testing::Test {
 protected:
  PaperPart Part() const { return ThesisPart(Results(study_)); }
  Study study_ = SampleStudy();
};

TEST(Published, TablesAreWhatThePapersPrint) {
  const PublishedTable& t4 = ThesisTables()[2];
  EXPECT_EQ(t4.id, "T4");
  EXPECT_EQ(t4.rows[1].metric, "loss");
  EXPECT_EQ(t4.rows[1].values.at("lora 4"), 0.257);
  EXPECT_EQ(t4.rows[2].values.at("full"), 90.6);
  for (const auto* tables : {&ThesisTables(), &EidaTables()}) {
    for (const PublishedTable& table : *tables) {
      EXPECT_FALSE(table.rows.empty()) << table.id;
      for (const PublishedRow& row : table.rows)
        EXPECT_EQ(row.values.size(), table.settings.size()) << table.id << " " << row.metric;
    }
  }
}

TEST_F(ThesisTest, Table4HasMeansAndDifferences) {
  const PaperPart part = Part();
  const Table* t4 = TableOf(part, "T4");
  ASSERT_NE(t4, nullptr);
  const Row* full = RowOf(*t4, "accuracy, %", "full fine-tuning");
  ASSERT_NE(full, nullptr);
  EXPECT_NEAR(*full->cells[1].value, 81, 1e-9);  // 80, 81, 82
  EXPECT_NEAR(full->cells[1].deviation, 1, 1e-9);
  EXPECT_EQ(full->cells[1].n, 3);
  EXPECT_EQ(full->cells[1].published, 90.6);
  EXPECT_NEAR(*full->cells[1].difference(), -9.6, 1e-9);
  const Row* ratio = RowOf(*t4, "param ratio, %", "LoRA, rank 8");
  EXPECT_NEAR(*ratio->cells[1].value, 8, 1e-9);
  EXPECT_THAT(t4->note, HasSubstr("40 items"));
  EXPECT_THAT(t4->note, HasSubstr("variant c, chosen over c-worse"));
}

TEST_F(ThesisTest, AWayOfTrainingThatTheSweepHasNotIsShownWithThePublishedValueOnly) {
  const PaperPart part = Part();
  const Row* row = RowOf(*TableOf(part, "T4"), "loss, nats", "LoRA, rank 16");
  EXPECT_FALSE(row->cells[1].value.has_value());
  EXPECT_EQ(row->cells[1].text, "not run");
  EXPECT_EQ(row->cells[1].published, 0.272);
}

TEST_F(ThesisTest, ARankThatThePaperHasNotIsShownWithoutAPublishedValue) {
  for (Model& model : study_.models) {
    if (model.variant == "b") model.rank = 3;
  }
  const PaperPart part = Part();
  const Row* row = RowOf(*TableOf(part, "T4"), "loss, nats", "LoRA, rank 3");
  ASSERT_NE(row, nullptr);
  EXPECT_TRUE(row->cells[1].value.has_value());
  EXPECT_FALSE(row->cells[1].published.has_value());
}

TEST_F(ThesisTest, Table6IsTheMeanOverPairsByTheBiasedEstimate) {
  const PaperPart part = Part();
  const Row* row = RowOf(*TableOf(part, "T6"), "CKA", "LoRA, rank 2");
  EXPECT_NEAR(*row->cells[1].value, 0.68, 1e-9);
  EXPECT_NEAR(*row->cells[1].difference(), 0.68 - 0.820, 1e-9);
  EXPECT_EQ(row->cells[1].n, 3);
  EXPECT_NEAR(*row->cells[2].value, 0.58, 1e-9);  // debiased
}

TEST_F(ThesisTest, Figure2HasOneSeedOffTheDiagonalAndTwoSeedsOnIt) {
  const PaperPart part = Part();
  const Figure* f2 = FigureOf(part, "F2");
  ASSERT_NE(f2, nullptr);
  const auto& map = std::get<render::HeatMap>(f2->panels[0]);
  ASSERT_EQ(map.labels.size(), 3u);
  EXPECT_NEAR(map.values[0][0], 0.69, 1e-9);
  EXPECT_NEAR(map.values[0][2], 0.70, 1e-9);
}

TEST_F(ThesisTest, GapFiguresHaveAPanelForEachRankAndSeedOnOneScale) {
  const PaperPart part = Part();
  EXPECT_EQ(FigureOf(part, "F4")->panels.size(), 1u);
  ASSERT_EQ(FigureOf(part, "F6")->panels.size(), 3u);
  ASSERT_EQ(FigureOf(part, "F7")->panels.size(), 3u);
  const auto& rank_8 = std::get<render::HeatMap>(FigureOf(part, "F6")->panels[2]);
  EXPECT_EQ(rank_8.title, "LoRA, rank 8");
  EXPECT_NEAR(rank_8.values[0][1], 0.008, 1e-12);
  for (const char* id : {"F4", "F6", "F7"}) {
    for (const Picture& panel : FigureOf(part, id)->panels)
      EXPECT_DOUBLE_EQ(std::get<render::HeatMap>(panel).scale.vmax, rank_8.scale.vmax);
  }
  EXPECT_THAT(FigureOf(part, "F4")->note, HasSubstr("K = 11"));
}

TEST_F(ThesisTest, AMissingPairIsSaidAndTheRestIsDrawn) {
  Pairs& gap = study_.pairs[1];
  const size_t a = ModelAt(study_, "b", 1), b = ModelAt(study_, "b", 69);
  gap.values[a][b] = gap.values[b][a] = NAN;
  const PaperPart part = Part();
  EXPECT_THAT(FigureOf(part, "F6")->note, HasSubstr("1 of 9 pairs are missing"));
  EXPECT_EQ(FigureOf(part, "F6")->panels.size(), 3u);
}

TEST_F(ThesisTest, Table8IsTheSoupBesideTheBestSingleModel) {
  const PaperPart part = Part();
  const Row* row = RowOf(*TableOf(part, "T8"), "loss, nats", "greedy soup");
  EXPECT_EQ(*row->cells[1].value, 0.20);
  EXPECT_FALSE(row->cells[1].published.has_value());
  EXPECT_EQ(*row->cells[2].value, 0.21);
  EXPECT_EQ(row->cells[2].published, 0.239);
  EXPECT_THAT(TableOf(part, "T8")->note, HasSubstr("3 of 12 candidates"));
}

TEST_F(ThesisTest, WhatIsNotCoveredSaysWhatItNeeds) {
  study_.pairs.clear();
  study_.soups.clear();
  const PaperPart part = Part();
  EXPECT_THAT(MissingOf(part, "T5"), HasSubstr("task translation"));
  EXPECT_THAT(MissingOf(part, "T6"), HasSubstr("type cka"));
  EXPECT_THAT(MissingOf(part, "F2"), HasSubstr("type cka"));
  EXPECT_THAT(MissingOf(part, "F6"), HasSubstr("convexity_gap"));
  EXPECT_THAT(MissingOf(part, "T8"), HasSubstr("greedy"));
  EXPECT_EQ(MissingOf(part, "T4"), "");
  EXPECT_THAT(MissingOf(part, "T1-EnRo"), HasSubstr("task translation"));
  EXPECT_EQ(part.sections.size(), 2u);  // sizes of splits, scores
}

TEST_F(ThesisTest, Table1HasTheSplitsThatWereRead) {
  for (Model& model : study_.models) model.items["train"] = 500;
  const PaperPart part = Part();
  const Table* t1 = TableOf(part, "T1-QQP");
  ASSERT_NE(t1, nullptr);
  ASSERT_EQ(t1->rows.size(), 3u);
  EXPECT_EQ(*t1->rows[0].cells[2].value, 500);
  EXPECT_EQ(t1->rows[0].cells[2].published, 363846);
  EXPECT_EQ(t1->rows[1].cells[1].text, "select");
  EXPECT_EQ(*t1->rows[1].cells[2].value, 40);
  EXPECT_EQ(t1->rows[2].cells[1].text, "report");
  study_.report_split = "select";
  const PaperPart one = Part();
  EXPECT_EQ(TableOf(one, "T1-QQP")->rows[2].cells[2].text, "not read");
}

TEST_F(ThesisTest, Tables2And3AreRowsOfTheData) {
  EXPECT_THAT(MissingOf(Part(), "T2"), HasSubstr("data file"));
  study_.rows_split = "select";
  study_.rows = {{"How old?", "What age?", "duplicate"}, {"Who?", "Where?", "different"}};
  const PaperPart part = Part();
  const Table* t2 = TableOf(part, "T2");
  ASSERT_NE(t2, nullptr);
  ASSERT_EQ(t2->columns.size(), 3u);
  EXPECT_EQ(t2->rows[1].cells[1].text, "Where?");
  EXPECT_EQ(t2->rows[1].cells[2].text, "different");
  EXPECT_THAT(MissingOf(part, "T3"), HasSubstr("task translation"));
  study_.task = "translation";
  study_.rows = {{"one", "unu", ""}};
  const PaperPart other = Part();
  ASSERT_NE(TableOf(other, "T3"), nullptr);
  EXPECT_EQ(TableOf(other, "T3")->columns.size(), 2u);
}

TEST_F(ThesisTest, Table5IsOfTheSplitThatChoicesAreMadeOnWhereThatHasTheMetric) {
  study_.task = "translation";
  for (Model& model : study_.models) {
    model.scores["select"]["loss"] = 2;
    model.scores["report"]["loss"] = 3;
    model.scores["report"]["bleu"] = 30;
    model.texts["report"] = 25;
  }
  const PaperPart part = Part();
  const Table* t5 = TableOf(part, "T5");
  ASSERT_NE(t5, nullptr);
  const Row* loss = RowOf(*t5, "loss, nats, split select", "full fine-tuning");
  ASSERT_NE(loss, nullptr);
  EXPECT_EQ(*loss->cells[1].value, 2);
  const Row* bleu = RowOf(*t5, "BLEU, %, split report", "full fine-tuning");
  ASSERT_NE(bleu, nullptr);
  EXPECT_EQ(*bleu->cells[1].value, 30);
  EXPECT_THAT(t5->note,
              HasSubstr("split report, 40 items, 25 texts written; split select, 40 items"));
}

TEST_F(ThesisTest, ASoupThatIsChosenOnWhatItIsReportedOnHasOneColumn) {
  const auto columns = [&] { return TableOf(Part(), "T8")->columns.size(); };
  ASSERT_FALSE(study_.soups.empty());
  EXPECT_EQ(columns(), 3u);
  for (Soup& soup : study_.soups) soup.select_split = soup.report_split;
  EXPECT_EQ(columns(), 2u);
  const PaperPart part = Part();
  for (const Row& row : TableOf(part, "T8")->rows)
    EXPECT_EQ(row.cells.size(), row.heading ? 1u : 2u);
  EXPECT_THAT(TableOf(part, "T8")->note, HasSubstr("has seen what it is reported on"));
}

TEST_F(ThesisTest, WithoutTheUnbiasedEstimateThereIsNoColumnForIt) {
  for (Pairs& pairs : study_.pairs) {
    if (pairs.metric == "cka") pairs.estimator = "biased";
  }
  const PaperPart part = Part();
  EXPECT_EQ(TableOf(part, "T6")->columns.size(), 2u);
  EXPECT_THAT(TableOf(part, "T6")->note, HasSubstr("estimator: unbiased keeps both"));
}

TEST_F(ThesisTest, ATranslationSweepHasTheOtherHalf) {
  study_.task = "translation";
  const PaperPart part = Part();
  EXPECT_NE(TableOf(part, "T5"), nullptr);
  EXPECT_NE(FigureOf(part, "F8"), nullptr);
  EXPECT_EQ(TableOf(part, "T4"), nullptr);
}

TEST(EidaPaper, AccuracyOnSst2) {
  Study study = SampleStudy();
  for (Model& model : study.models) {
    if (model.variant == "b") model.adapter = "eida", model.rank = 0;
  }
  const PaperPart part = EidaPart(Results(study));
  const Row* row = RowOf(*TableOf(part, "ET1"), "accuracy, %", "EIDA");
  ASSERT_NE(row, nullptr);
  EXPECT_NEAR(*row->cells[1].difference(), 72 - 93.4, 1e-9);
  EXPECT_THAT(MissingOf(part, "ET2"), HasSubstr("task e2e"));
}

TEST(EidaPaper, MeteorItselfIsARowWhereAJarGaveIt) {
  Study study = SampleStudy();
  study.task = "e2e";
  for (Model& model : study.models) model.scores["report"]["meteor_exact_stem"] = 0.4;
  const PaperPart without = EidaPart(Results(study));
  EXPECT_EQ(RowOf(*TableOf(without, "ET2"), "METEOR", "LoRA, rank 8"), nullptr);
  for (Model& model : study.models) model.scores["report"]["meteor"] = 0.45;
  const PaperPart with = EidaPart(Results(study));
  const Row* row = RowOf(*TableOf(with, "ET2"), "METEOR", "LoRA, rank 8");
  ASSERT_NE(row, nullptr);
  EXPECT_NEAR(*row->cells[1].value, 45, 1e-9);
}

}  // namespace
}  // namespace eida::report
