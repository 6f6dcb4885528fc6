#include "common/render/table.h"

#include "gtest/gtest.h"

namespace eida::render {
namespace {

Table Sample() {
  return {{{"variant"}, {"accuracy", Align::kRight}},
          {{"full", "0.817 ± 0.009"}, {"lora, r=8", "0.79"}}};
}

TEST(TableTest, TextIsAlignedByDisplayWidth) {
  EXPECT_EQ(ToText(Sample()),
            "VARIANT         ACCURACY\nfull       0.817 ± 0.009\nlora, r=8           0.79\n");
}

TEST(TableTest, HeadersCanBeLeftOut) {
  EXPECT_EQ(ToText(Sample(), false).find("VARIANT"), std::string::npos);
}

TEST(TableTest, CsvQuotesWhatNeedsIt) {
  EXPECT_EQ(ToCsv(Sample()), "variant,accuracy\nfull,0.817 ± 0.009\n\"lora, r=8\",0.79\n");
  EXPECT_EQ(CsvField("say \"x\""), "\"say \"\"x\"\"\"");
}

TEST(TableTest, MarkdownEscapesBars) {
  Table table{{{"a|b"}}, {{"c"}}};
  EXPECT_EQ(ToMarkdown(table), "| a\\|b |\n| --- |\n| c |\n");
}

TEST(TableTest, LatexEscapesAndWritesPlusMinus) {
  EXPECT_EQ(ToLatex(Sample()),
            "\\begin{tabular}{lr}\n\\toprule\nvariant & accuracy \\\\\n\\midrule\nfull & 0.817 "
            "$\\pm$ 0.009 \\\\\nlora, r=8 & 0.79 \\\\\n"
            "\\bottomrule\n\\end{tabular}\n");
}

}  // namespace
}  // namespace eida::render
