#include "client/report/writers.h"

#include "gmock/gmock.h"

namespace eida::report {
namespace {

using testing::HasSubstr;

Table Sample() {
  Table table{"T4", "Scores & ratios", "A note.", {{"way"}, {"ours", Kind::kCompared}}, {}};
  Cell cell = Cell::Of(SampleOf({0.8, 0.9}), 1, 100);
  cell.published = 90.6;
  table.rows = {{{Cell::Of("acc, %")}, true},
                {{Cell::Of("full <x>"), cell}},
                {{Cell::Of("LoRA"), Cell::Of("not run")}}};
  return table;
}

TEST(Expand, AComparedColumnBecomesFour) {
  const Grid grid = Expand(Sample(), false);
  ASSERT_EQ(grid.columns.size(), 5u);
  EXPECT_EQ(grid.columns[3].name, "published");
  ASSERT_EQ(grid.rows.size(), 3u);
  EXPECT_TRUE(grid.rows[0].heading);
  EXPECT_EQ(grid.rows[1].cells[1].text, "85.0 ± 7.1");
  EXPECT_EQ(grid.rows[1].cells[2].text, "2");
  EXPECT_EQ(grid.rows[1].cells[4].text, "\u22125.6");
  EXPECT_EQ(grid.rows[2].cells[1].text, "not run");
  EXPECT_EQ(grid.rows[2].cells[4].text, "–");
}

TEST(Expand, ARoundedZeroHasNoSign) {
  Table table{"x", "", "", {{"ours", Kind::kCompared}}, {}};
  Cell cell = Cell::Of(SampleOf({-0.0001}), 2);
  cell.published = 0;
  table.rows = {{{cell}}};
  const Grid grid = Expand(table, false);
  EXPECT_EQ(grid.rows[0].cells[0].text, "0.00");
  EXPECT_EQ(grid.rows[0].cells[3].text, "±0.00");
}

TEST(Writers, CsvIsExactWithAGroupColumn) {
  const std::string csv = ToCsv(Sample());
  EXPECT_EQ(csv.substr(0, csv.find('\n')), "group,way,ours,ours std,ours n,published,difference");
  EXPECT_THAT(csv, HasSubstr("\"acc, %\",full <x>,85,7.07106781187,2,90.6,-5.6\n"));
  EXPECT_THAT(csv, HasSubstr("LoRA,not run,,,,\n"));
}

TEST(Writers, Markdown) {
  const std::string text = ToMarkdown(Sample());
  EXPECT_THAT(text, HasSubstr("85.0 ± 7.1"));
  EXPECT_THAT(text, HasSubstr("full &lt;x>"));
  EXPECT_THAT(text, HasSubstr("A note."));
}

TEST(Writers, Latex) {
  const std::string text = ToLatex(Sample());
  EXPECT_THAT(text, HasSubstr("\\caption{Scores \\& ratios}"));
  EXPECT_THAT(text, HasSubstr("\\label{tab:T4}"));
  EXPECT_THAT(text, HasSubstr("85.0 $\\pm$ 7.1"));
  EXPECT_THAT(text, HasSubstr("A note."));
  EXPECT_THAT(text, HasSubstr("$-$5.6"));
  EXPECT_THAT(text, HasSubstr("\\begin{tabular}{lrrrr}"));
  Table claims{"Claims", "", "", {{"claim"}, {"text"}}, {}};
  claims.rows = {{{Cell::Of("C1"), Cell::Of(std::string(60, 'x'))}}};
  EXPECT_THAT(ToLatex(claims), HasSubstr("\\begin{tabular}{lp{0.70\\linewidth}}"));
}

TEST(Writers, CodeInMarkdownEndsWhereItEnds) {
  Document document{"t", "", {}, {}, {{"s", "S", {Code{"a\n````\nb"}}}}};
  EXPECT_THAT(ToMarkdown(document), HasSubstr("`````\na\n````\nb\n`````"));
}

}  // namespace
}  // namespace eida::report
