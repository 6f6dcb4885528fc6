#include "common/inputs/rows.h"

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace eida::inputs {
namespace {

using ::testing::HasSubstr;

const Columns kPair{"q1", "q2", "y"};

std::string ErrorOf(const std::string& content, const std::string& format,
                    const Columns& columns = kPair, int64_t labels = 2) {
  const auto rows = ReadRows(content, "f." + format, format, columns, labels);
  return rows.ok() ? "read " + std::to_string(rows->size()) + " rows" : Message(rows.status());
}

// Two rows in each format; a format of pairs of texts has no label.
struct Sample {
  std::string format, content;
  Columns columns;
};
std::vector<Sample> Samples() {
  return {{"csv", "y,q1,q2\n1,a b,c\n0,d,\"e, \"\"f\"\"\"\n", kPair},
          {"e2e", "a b||c\nd||e, \"f\"\n", {"source", "target", ""}},
          {"jsonl",
           R"({"q1": "a b", "q2": "c", "y": 1})"
           "\n"
           R"({"y": 0, "q1": "d", "q2": "e, \"f\""})"
           "\n",
           kPair},
          {"tsv", "y\tq1\tq2\n1\ta b\tc\n0\td\te, \"f\"\n", kPair}};
}

class FormatTest : public testing::TestWithParam<Sample> {
 protected:
  void ExpectTheRows(const std::string& content) {
    const Sample& s = GetParam();
    const auto rows = ReadRows(content, "f", s.format, s.columns, 2);
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_EQ(rows->size(), 2u);
    EXPECT_EQ((*rows)[0].text, "a b");
    EXPECT_EQ((*rows)[0].text_pair, "c");
    EXPECT_EQ((*rows)[1].text, "d");
    EXPECT_EQ((*rows)[1].text_pair, "e, \"f\"");
    if (!s.columns.label.empty()) {
      EXPECT_EQ((*rows)[0].label, 1);
      EXPECT_EQ((*rows)[1].label, 0);
    }
  }
  std::string Error(const std::string& content) {
    return ErrorOf(content, GetParam().format, GetParam().columns);
  }
};

TEST_P(FormatTest, RowsAreTheSameInEveryFormat) { ExpectTheRows(GetParam().content); }

TEST_P(FormatTest, LineEndsMarksAndTheLastLineDoNotMatter) {
  const std::string& content = GetParam().content;
  ExpectTheRows("\xEF\xBB\xBF" + content);
  ExpectTheRows(content.substr(0, content.size() - 1));
  ExpectTheRows(Join(Split(content, '\n'), "\r\n"));
}

TEST_P(FormatTest, WhatIsNoTextIsNamedWithItsLine) {
  const std::string &content = GetParam().content, f = "f." + GetParam().format;
  EXPECT_EQ(Error(""), f + ": has no rows");
  EXPECT_EQ(Error("\xEF\xBB\xBF"), f + ": has no rows");
  const int lines = static_cast<int>(std::count(content.begin(), content.end(), '\n'));
  const std::string last = f + ":" + std::to_string(lines) + ": ";
  std::string bad = content;
  bad[bad.rfind('e')] = '\xE9';
  EXPECT_THAT(Error(bad), HasSubstr(last + "is not UTF-8"));
  bad[bad.rfind('\xE9')] = '\0';
  EXPECT_THAT(Error(bad), HasSubstr(last + "holds a NUL byte"));
  EXPECT_THAT(Error("PAR1" + content), HasSubstr(f + ": is a Parquet file"));
  EXPECT_THAT(Error("PK\x03\x04"), HasSubstr("ZIP archive"));
  EXPECT_THAT(Error("\x1F\x8B\x08"), HasSubstr("gzip"));
  EXPECT_THAT(Error("\xFF\xFEq"), HasSubstr("UTF-16"));
}

TEST_P(FormatTest, AnEmptyTextIsNamedWithItsLine) {
  std::string bad = GetParam().content;
  const size_t at = bad.rfind('d');  // the first text of the last row
  bad.replace(at, 1, " ");
  EXPECT_THAT(Error(bad), HasSubstr(": column \"" + GetParam().columns.text + "\" is empty"));
}

INSTANTIATE_TEST_SUITE_P(Formats, FormatTest, testing::ValuesIn(Samples()),
                         [](const auto& info) { return info.param.format; });

TEST(FormatsTest, EveryOneHasASample) {
  std::vector<std::string> sampled;
  for (const Sample& sample : Samples()) sampled.push_back(sample.format);
  EXPECT_EQ(sampled, catalog::Ids(catalog::Formats()));
  EXPECT_EQ(ErrorOf("a", "tvs"),
            "f.tvs: there is no format \"tvs\" (have: csv, e2e, jsonl, tsv); did you mean "
            "\"tsv\"?");
}

TEST(RowsTest, ATsvHasNoQuoting) {
  const auto rows = *ReadRows("text\tlabel\n\"half a quote\t0\n\"\"\"\t1\n", "f.tsv", "tsv",
                              {"text", "", "label"}, 2);
  EXPECT_EQ(rows[0].text, "\"half a quote");
  EXPECT_EQ(rows[1].text, "\"\"\"");
}

// Rows of GLUE's QQP of 2017 lack fields; which ones, nobody can know.
TEST(RowsTest, ARowOfAnotherNumberOfFieldsIsNamed) {
  EXPECT_EQ(ErrorOf("q1\tq2\ty\na\tb\t1\na\t1\n", "tsv"),
            "f.tsv:3: has 2 fields, the header has 3 (TSV fields are split at tabs; there is no "
            "quoting)");
  EXPECT_EQ(ErrorOf("q1\tq2\ty\na\tb\t1\n\n", "tsv").substr(0, 20), "f.tsv:3: has 1 field");
  EXPECT_EQ(ErrorOf("q1,q2,y\n\"a\nb\",c,1\n\na,b, c,1\n", "csv"),
            "f.csv:5: has 4 fields, the header has 3 (a field with a comma in it needs double "
            "quotes)")
      << "lines inside of quotes count";
}

TEST(RowsTest, ColumnsThatAreMissingOrThereTwiceAreNamed) {
  EXPECT_EQ(ErrorOf("q1\tq3\ty\na\tb\t1\n", "tsv"),
            "f.tsv:1: there is no column \"q2\" (have: q1, q3, y); did you mean \"q1\"?");
  EXPECT_EQ(ErrorOf("q1,q2,y,q2\na,b,1,c\n", "csv"),
            "f.csv:1: the header has the column \"q2\" twice: which one is meant?");
  EXPECT_EQ(ErrorOf("q1,q2,y,x,x\na,b,1,c,d\n", "csv"), "read 1 rows") << "nobody asks for x";
  EXPECT_EQ(ErrorOf(R"({"q1": "a", "q2": "b", "y": 1, "q1": "c"})", "jsonl"),
            "f.jsonl:1: has \"q1\" twice: which one is meant?");
  EXPECT_EQ(ErrorOf(R"({"q1": "a", "y": 1, "x": {"q1": 1, "q2": 2}})", "jsonl"),
            "f.jsonl:1: there is no \"q2\" (have: q1, x, y); did you mean \"q1\"?");
}

TEST(RowsTest, LabelsAreWholeNumbersOfTheHead) {
  EXPECT_EQ(ErrorOf("q1\tq2\ty\na\tb\t2\n", "tsv"),
            "f.tsv:2: label 2 is outside the head: model.head has 2 labels (0 to 1)");
  EXPECT_EQ(ErrorOf("q1,q2,y\na,b,1.0\n", "csv"), "f.csv:2: label \"1.0\" is not a whole number");
  EXPECT_EQ(ErrorOf(R"({"q1": "a", "q2": "b", "y": -1})", "jsonl").substr(0, 19),
            "f.jsonl:1: label -1");
  EXPECT_EQ(ErrorOf(R"({"q1": "a", "q2": "b", "y": "1"})", "jsonl"),
            "f.jsonl:1: \"y\" is missing or not a whole number");
}

TEST(RowsTest, JsonLinesAreObjectsOfTexts) {
  EXPECT_EQ(ErrorOf("\n[1]\n", "jsonl"), "f.jsonl:2: is not one JSON object");
  EXPECT_EQ(ErrorOf("{\"q1\": \"a\"", "jsonl"), "f.jsonl:1: is not one JSON object");
  EXPECT_EQ(ErrorOf(R"({"q1": 1, "q2": "b", "y": 1})", "jsonl"), "f.jsonl:1: \"q1\" is not a text");
  EXPECT_EQ(ErrorOf("{\"q1\": \"a\\u0000\", \"q2\": \"b\", \"y\": 1}", "jsonl"),
            "f.jsonl:1: column \"q1\" holds a NUL character");
}

TEST(RowsTest, PairsOfTextsHaveNoLabel) {
  const Columns columns{"en", "ro", ""};
  const auto tsv = *ReadRows("ro\ten\nUnu.\tOne.\n", "f.tsv", "tsv", columns, 2);
  const auto jsonl = *ReadRows(R"({"en": "One.", "ro": "Unu."})", "f", "jsonl", columns, 2);
  for (const auto& rows : {tsv, jsonl}) {
    EXPECT_EQ(rows[0].text, "One.");
    EXPECT_EQ(rows[0].text_pair, "Unu.");
  }
}

TEST(RowsTest, E2eLinesAreCutAtTheFirstBars) {
  const Columns columns{"source", "target", ""};
  const auto rows = *ReadRows("name : A | near : B||A is near B . \n\nname : C||x || y\r\n", "f",
                              "e2e", columns, 2);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].text, "name : A | near : B");
  EXPECT_EQ(rows[0].text_pair, "A is near B .");
  EXPECT_EQ(rows[1].text_pair, "x || y");
  EXPECT_EQ(ErrorOf("a||b\nname : A\n", "e2e", columns),
            "f.e2e:2: has no || between a meaning representation and its reference");
  EXPECT_EQ(ErrorOf("a|| \n", "e2e", columns), "f.e2e:1: column \"target\" is empty");
}

TEST(RowsTest, Utf8IsCheckedStrictly) {
  EXPECT_EQ(FirstInvalidUtf8("aé한😀"), -1);
  EXPECT_EQ(FirstInvalidUtf8("a\xc0\x80"), 1);     // overlong
  EXPECT_EQ(FirstInvalidUtf8("\xed\xa0\x80"), 0);  // surrogate
  EXPECT_EQ(FirstInvalidUtf8("ok\xe9"), 2);
}

}  // namespace
}  // namespace eida::inputs
