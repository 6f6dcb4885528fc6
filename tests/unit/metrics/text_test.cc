#include "gtest/gtest.h"
#include "worker/metrics/metric.h"
#include "worker/metrics/text/moses.h"
#include "worker/metrics/text/mteval.h"
#include "worker/metrics/text/ptb.h"
#include "worker/metrics/text/rewrite.h"
#include "worker/metrics/text/sacrebleu.h"

namespace eida::metrics {
namespace {

Tokens Cut(const std::string& text, Tokenizer by) { return Tokenize(*Decode(text), by); }
std::string Romanian(const std::string& text) { return Encode(PostprocessRomanian(*Decode(text))); }

TEST(UnicodeTest, BytesThatAreNoTextAreRefusedWhereTheyAre) {
  EXPECT_EQ(Encode(*Decode("a\u0103\U0001f600")), "a\u0103\U0001f600");
  for (const char* bad :
       {"ab\xff", "ab\xc0\xaf", "ab\xed\xa0\x80", "ab\xf4\x90\x80\x80", "ab\xe2\x82"})
    EXPECT_EQ(Message(Decode(bad).status()), "byte 2 is not UTF-8");
}

TEST(UnicodeTest, LowerCaseIsPythons) {
  EXPECT_EQ(Encode(Lower(*Decode("ΟΔΟΣ İ ȘŢ"))), "οδος i\u0307 șţ");
}

TEST(RewriteTest, WhatAMatchTookTheNextCannotTake) {
  Text text = U"a,,b";
  const auto letter = [](char32_t c) { return c != U' '; };
  const auto comma = [](char32_t c) { return c == U','; };
  SpacePairs(text, letter, comma, {.between = true, .behind = true});
  EXPECT_EQ(Encode(text), "a , ,b");
  text = U"1-2-3";
  ReplaceBetween(text, IsDigit, U"-", IsDigit, U" to ");
  EXPECT_EQ(Encode(text), "1 to 2-3");
}

TEST(TokenizerTest, NumbersKeepTheirPointsAndCommas) {
  EXPECT_EQ(Cut("It costs $1,200.50, or 5%.", Tokenizer::k13a),
            (Tokens{"It", "costs", "$", "1,200.50", ",", "or", "5", "%", "."}));
  EXPECT_EQ(Cut("1,200.50.", Tokenizer::kIntl), (Tokens{"1,200.50."}));
  EXPECT_EQ(Cut("1,200.50. \u00ab x", Tokenizer::kIntl), (Tokens{"1,200.50", ".", "\u00ab", "x"}));
  EXPECT_EQ(Cut("a \u0103", Tokenizer::kChar), (Tokens{"a", "\u0103"}));
  EXPECT_EQ(Cut(" a.b  c\u00a0d ", Tokenizer::kNone), (Tokens{"a.b", "c", "d"}));
}

TEST(TokenizerTest, MtevalMakesOnlyAsciiSmall) {
  EXPECT_EQ(MtevalTokens(U"Le\u00c9 &amp; A-1-2"), (Tokens{"le\u00c9", "&", "a-1", "-", "2"}));
}

TEST(CaptionTest, ContractionsAreCutAndPunctuationIsGone) {
  EXPECT_EQ(
      CaptionTokens(U"It's family-friendly, and they don't \u201ccount\u201d \u00a320-25..."),
      (Tokens{"it", "'s", "family-friendly", "and", "they", "do", "n't", "count", "#", "20-25"}));
  // Brackets stay: the scripts look for -LRB-, and words are small by then.
  EXPECT_EQ(CaptionTokens(U"Mr. Kent (5 a.m.)!"),
            (Tokens{"mr.", "kent", "-lrb-", "5", "a.m.", "-rrb-"}));
  EXPECT_EQ(CaptionTokens(U"wow!! \U0001f600"), (Tokens{"wow", "!!"}));
}

TEST(RomanianTest, CedillasCommasAndOtherDiacriticsGo) {
  EXPECT_EQ(Romanian("\u015eirul \u0219i \u0163ara, \u00cen \u00e2ntr-o \u0102"),
            "Sirul si tara , In antr-o A");
  EXPECT_EQ(Romanian("caf\u00e9"), "caf\u00e9");
}

TEST(RomanianTest, QuotesDashesAndPointsAreMoses) {
  EXPECT_EQ(Romanian("\u201eDa.\u201d"), "\" Da \" .");
  EXPECT_EQ(Romanian("a \u2014 b\u2026 c"), "a - b ... c");
  EXPECT_EQ(Romanian("dl. Pop a venit etc. Apoi a plecat."),
            "dl. Pop a venit etc. Apoi a plecat .");
  EXPECT_EQ(Romanian("Str. Lung\u0103 nr. 7, A. B. C."), "Str . Lunga nr . 7 , A. B. C .");
  EXPECT_EQ(Romanian("1.250,50 lei, 5 %"), "1.250,50 lei , 5 %");
  EXPECT_EQ(Romanian("a\nb\tc\u200bd"), "a b c d");
  EXPECT_EQ(Romanian(""), "");
}

// No rule is worse than linear: long lines of what each of them looks for.
TEST(SpeedTest, LongLinesAndManyItemsTakeNoTime) {
  std::string line;
  for (int i = 0; i < 20000; ++i) line += ". \") (\u3002 ,'-&<a.";
  Texts texts;
  for (int i = 0; i < 630; ++i) {
    std::string text;
    for (int w = 0; w < 25; ++w) text += "word" + std::to_string((i * 7 + w * w) % 300) + " ";
    texts.hypotheses.push_back(text + "end");
    texts.references.push_back({text + "of it", "another " + text, text.substr(20)});
  }
  EXPECT_GT(Romanian(line).size(), line.size() / 2);
  EXPECT_GT(CaptionTokens(*Decode(line)).size(), 1000u);
  for (const Tokenizer by : {Tokenizer::k13a, Tokenizer::kIntl, Tokenizer::kChar})
    EXPECT_GT(Cut(line, by).size(), 1000u);
  for (const std::string& metric : MetricNames()) {
    if (metric == "meteor") continue;  // a user's program
    EXPECT_TRUE(MetricOf({metric}, texts).ok()) << metric;
  }
}

}  // namespace
}  // namespace eida::metrics
