#include "common/base/csv.h"

#include "gtest/gtest.h"

namespace eida {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows RowsOf(const std::string& content) {
  Rows rows;
  for (CsvReader csv(content, "f.csv"); !csv.AtEnd();) {
    const auto row = csv.Row();
    EXPECT_TRUE(row.ok()) << row.status();
    if (!row.ok()) break;
    rows.push_back(*row);
  }
  return rows;
}

std::string ErrorOf(const std::string& content) {
  for (CsvReader csv(content, "f.csv"); !csv.AtEnd();) {
    const auto row = csv.Row();
    if (!row.ok()) return Message(row.status());
  }
  return "";
}

TEST(CsvTest, QuotedFieldsHoldCommasLineEndsAndDoubledQuotes) {
  EXPECT_EQ(RowsOf("a,\"b, c\",\"d\r\ne\"\r\n\"say \"\"hi\"\"\",\"\",\n"),
            (Rows{{"a", "b, c", "d\r\ne"}, {"say \"hi\"", "", ""}}));
}

TEST(CsvTest, TheLastLineEndMayBeMissing) {
  EXPECT_EQ(RowsOf("\xEF\xBB\xBF"
                   "a,b\nc,\"d\""),
            (Rows{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(RowsOf("a,b\nc,"), (Rows{{"a", "b"}, {"c", ""}}));
  EXPECT_EQ(RowsOf("a\n\nb"), (Rows{{"a"}, {""}, {"b"}}));
  EXPECT_EQ(RowsOf(""), Rows{});
}

TEST(CsvTest, RowsKnowTheLineThatTheyBeginOn) {
  CsvReader csv("a\n\"b\nc\"\nd\n", "f.csv");
  for (const size_t line : {1, 2, 4}) {
    ASSERT_TRUE(csv.Row().ok());
    EXPECT_EQ(csv.line(), line);
  }
}

TEST(CsvTest, WhatIsNoCsvIsNamedWithItsLine) {
  EXPECT_EQ(ErrorOf("a\n\"b\nc\n"), "f.csv:2: a double quote is opened here and never closed");
  EXPECT_EQ(ErrorOf("a,b\n\"b\"c,d\n"),
            "f.csv:2: there is text behind the closing double quote of a field; a quote inside of "
            "quotes is written twice");
  EXPECT_EQ(ErrorOf("a,b \"c\"\n"),
            "f.csv:1: a double quote stands inside a field that has none around it; quote the "
            "field and write the quote twice");
  EXPECT_EQ(ErrorOf("a,b\rc,d\r"),
            "f.csv:1: a carriage return stands alone; lines end with LF or CR LF");
}

}  // namespace
}  // namespace eida
