#include "client/report/build.h"

#include <algorithm>
#include <set>

#include "client/report/writers.h"
#include "gmock/gmock.h"
#include "tests/unit/report/sample_study.h"

namespace eida::report {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> Titles(const Document& document) {
  std::vector<std::string> titles;
  for (const Section& section : document.sections) titles.push_back(section.title);
  return titles;
}

std::set<std::string> Names(const Document& document) {
  const Result<Files> files = ToFiles(document);
  EXPECT_TRUE(files.ok()) << files.status();
  std::set<std::string> names;
  for (const auto& [name, content] : *files) {
    EXPECT_TRUE(names.insert(name).second) << "twice: " << name;
    EXPECT_FALSE(content.empty()) << name;
  }
  return names;
}

TEST(Build, APapersReportHasClaimsTablesFiguresReadingsAndProvenance) {
  EXPECT_THAT(Titles(Build(SampleStudy(), FindPaper("thesis"))),
              ElementsAre("What the paper says", "Data", "Scores and trained parameters",
                          "Similarity of representations", "Similarity between ranks",
                          "Linear mode connectivity", "Model soups", "Not covered by this sweep",
                          "Readings and slips", "Variants", "What failed or is missing",
                          "Compute time and energy", "To reproduce"));
}

TEST(Build, AGeneralReportHasTheSweepsOwnThings) {
  EXPECT_THAT(Titles(Build(SampleStudy(), nullptr)),
              ElementsAre("Variants", "Pairs of models", "Soups", "What failed or is missing",
                          "Compute time and energy", "To reproduce"));
}

TEST(Build, TablesComeAsCsvMarkdownAndLatexAndFiguresAsSvgPngAndCsv) {
  const std::set<std::string> names = Names(Build(SampleStudy(), FindPaper("thesis")));
  for (const char* name :
       {"report.html", "report.md", "tables/T4.csv", "tables/T4.md", "tables/T4.tex",
        "figures/F2.svg", "figures/F2.png", "figures/F2.csv", "figures/F6-3.svg"})
    EXPECT_THAT(names, Contains(name));
}

TEST(Build, NoNameLeavesTheDirectory) {
  Study study = SampleStudy();
  study.soups[0].name = "../../etc/passwd";
  for (const std::string& name : Names(Build(study, nullptr))) {
    EXPECT_THAT(name, Not(HasSubstr("..")));
    EXPECT_LE(std::count(name.begin(), name.end(), '/'), 1) << name;
  }
}

TEST(Build, RunsWithoutAModelAreNamedAtTheTop) {
  Study study = SampleStudy();
  study.models[ModelAt(study, "b", 2)].state = "failed";
  study.models[ModelAt(study, "b", 2)].scores.clear();
  study.problems = {{"train/b/seed2", "failed", "loss is not finite"}};
  study.state = "failed";
  study.jobs_done = 30;
  const Document document = Build(study, FindPaper("thesis"));
  ASSERT_EQ(document.warnings.size(), 2u);
  EXPECT_THAT(document.warnings[0], HasSubstr("failed: 30 of 40 jobs succeeded"));
  EXPECT_THAT(document.warnings[1], HasSubstr("1 of 15 runs have no trained model: b/seed2"));
  EXPECT_THAT(Titles(document), Contains("Linear mode connectivity"));
}

TEST(Build, ASweepThatSucceededHasNoWarning) {
  EXPECT_THAT(Build(SampleStudy(), nullptr).warnings, IsEmpty());
}

TEST(Build, ObservationsAloneAreAReport) {
  Study study;
  study.name = "looks";
  study.state = "succeeded";
  study.observations = {{"tokens", "train", {4}, {2, 3}, 1, 9, {}}};
  for (const char* side : {"input", "update"})
    study.observations[0].sites.push_back(
        {"encoder.layer.3.output.dense", "fc2", side, 3, {{{0.1}, {0.3}}}});
  const Document document = Build(study, FindPaper("eida"));
  EXPECT_THAT(Titles(document), Contains("Subspaces of inputs and of update directions"));
  EXPECT_THAT(Titles(document), Not(Contains("Variants")));
  EXPECT_THAT(ToMarkdown(document), HasSubstr("observations of the model alone"));
  EXPECT_THAT(Titles(Build(study, nullptr)), Not(Contains("Variants")));
}

TEST(Build, TheCommandHasWhatWasLaidOverTheFile) {
  Study study = SampleStudy();
  study.provenance.options = " --preset smoke --set 'seeds=[0, 1]'";
  EXPECT_THAT(ToMarkdown(Build(study, nullptr)),
              HasSubstr("eidactl run sweep.yaml --preset smoke --set 'seeds=[0, 1]'    #"));
}

TEST(Build, SettingsThatAllVariantsShareStandOnce) {
  Study study = SampleStudy();
  study.settings = {{"a", {{"train.lr", "0.1"}, {"train.epochs", "3"}}},
                    {"b", {{"train.lr", "0.2"}, {"train.epochs", "3"}}},
                    {"c", {{"train.epochs", "3"}}}};
  const Section section = SettingsSection(study);
  const auto& table = std::get<Table>(section.blocks[0]);
  ASSERT_EQ(table.rows.size(), 4u);
  EXPECT_EQ(table.rows[0].cells[1].text, "train.epochs 3");
  EXPECT_EQ(table.rows[1].cells[1].text, "train.lr 0.1");
  EXPECT_EQ(table.rows[3].cells[1].text, "nothing else");
}

TEST(Build, TheSameStudyGivesTheSameBytes) {
  const Document document = Build(SampleStudy(), FindPaper("thesis"));
  EXPECT_EQ(*ToFiles(document), *ToFiles(document));
}

TEST(Papers, AreFoundByTheirNames) {
  EXPECT_EQ(FindPaper("thesis")->id, "thesis");
  EXPECT_EQ(FindPaper("eida")->id, "eida");
  EXPECT_EQ(FindPaper("Thesis"), nullptr);
}

}  // namespace
}  // namespace eida::report
