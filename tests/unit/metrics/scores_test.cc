// Values computed by hand, and what asking for metrics is like.
#include <cmath>

#include "gtest/gtest.h"
#include "worker/metrics/metric.h"

namespace eida::metrics {
namespace {

Score Of(const Json& metric, const Texts& texts) {
  const Result<Wanted> wanted = ReadWanted(metric);
  EXPECT_TRUE(wanted.ok()) << wanted.status();
  const Result<Score> score = MetricOf(*wanted, texts);
  EXPECT_TRUE(score.ok()) << score.status();
  return *score;
}
double Part(const Score& score, const std::string& name) {
  for (const auto& [part, value] : score.parts) {
    if (part == name) return value;
  }
  return std::nan("");
}
std::string ErrorOf(const Json& metric) { return Message(ReadWanted(metric).status()); }

TEST(BleuTest, OfTwoReferencesAsNearInLengthTheShorterCounts) {
  const Texts texts = {{"a b c d e f"}, {{"a b c d e f g h", "a b c d"}}};
  for (const char* metric : {"bleu", "e2e_bleu"}) {
    const Score score = Of(metric, texts);
    EXPECT_EQ(Part(score, "reference_length"), 4) << metric;
    EXPECT_EQ(Part(score, "brevity_penalty"), 1) << metric;
  }
}

TEST(BleuTest, MatchesAreClippedAtWhatOneReferenceHas) {
  const Texts texts = {{"the the the cat"}, {{"the cat", "a the b the"}}};
  const Score score = Of("bleu", texts);
  EXPECT_EQ(Part(score, "matched_1"), 3);  // the, the; cat
  EXPECT_EQ(Part(score, "matched_2"), 1);
  EXPECT_EQ(Part(score, "total_2"), 3);
}

TEST(BleuTest, ShortTextsArePenalised) {
  const Score score = Of("bleu", {{"a b c d"}, {{"a b c d e f"}}});
  EXPECT_NEAR(Part(score, "brevity_penalty"), std::exp(1 - 6.0 / 4), 1e-12);
  EXPECT_NEAR(score.value, 100 * std::exp(-0.5), 1e-9);
}

TEST(BleuTest, CaseCountsUnlessToldOtherwise) {
  const Texts texts = {{"The Cat Sat Down"}, {{"the cat sat down"}}};
  EXPECT_EQ(Of("bleu", texts).value, 0);
  EXPECT_NEAR(Of({{"metric", "bleu"}, {"lowercase", true}}, texts).value, 100, 1e-9);
  EXPECT_NEAR(Of("e2e_bleu", texts).value, 1, 1e-12);
}

TEST(BleuTest, RomanianPostprocessingIsOnBothSides) {
  const Texts texts = {{"Şedinţa, la 10:30."}, {{"Ședința, la 10:30."}}};
  const Json plain = {{"metric", "bleu"}, {"tokenize", "none"}, {"smooth", "none"}};
  Json romanian = plain;
  romanian["postprocess"] = "romanian";
  EXPECT_EQ(Of(plain, texts).value, 0);
  const Score score = Of(romanian, texts);
  EXPECT_NEAR(score.value, 100, 1e-9);
  EXPECT_EQ(Part(score, "length"), 7);  // Sedinta , la 10 : 30 .
  EXPECT_EQ(score.signature,
            "nrefs:1|case:mixed|eff:no|tok:none|smooth:none|post:romanian|eida:" EIDA_VERSION);
}

TEST(NistTest, TheLengthOfReferencesIsTheirWordsOverTheirMeanNumber) {
  // 3 + 5 + 4 words in 3 references of 2 items: 12 / 1.5.
  const Score score = Of("e2e_nist", {{"a b c", "d"}, {{"a b c", "a b x y z"}, {"d e f g"}}});
  EXPECT_NEAR(Part(score, "reference_length"), 8, 1e-12);
  // 4 words for 8: penalty exp(-ln 2 (ln 1/2 / ln 3/2)^2).
  EXPECT_NEAR(Part(score, "length_penalty"),
              std::exp(-std::log(2) * std::pow(std::log(0.5) / std::log(1.5), 2)), 1e-12);
  // a and b: 2 of 12 words, c and d: 1 of 12.
  EXPECT_NEAR(Part(score, "information_1"), (2 * std::log2(6) + 2 * std::log2(12)) / 4, 1e-12);
}

TEST(NistTest, TheWordZeroIsNoWordInFrontOfAnother) {
  // b follows 0 always, which would tell nothing; mteval counts it against all 4 words.
  const Score score = Of("e2e_nist", {{"0 b"}, {{"0 b 0 b"}}});
  EXPECT_NEAR(Part(score, "information_2"), std::log2(4 / 2.0), 1e-12);
  EXPECT_NEAR(Part(Of("e2e_nist", {{"x b"}, {{"x b x b"}}}), "information_2"), 0, 1e-12);
}

TEST(NistTest, AReferenceWithoutAWordIsNone) {
  const Texts texts = {{"a"}, {{" ", "a b c"}}};
  EXPECT_EQ(Part(Of("e2e_nist", texts), "reference_length"), 3);
  EXPECT_EQ(Part(Of("e2e_bleu", texts), "reference_length"), 3);
  EXPECT_EQ(Message(MetricOf({"e2e_nist"}, {{"a"}, {{" "}}}).status()),
            "metric e2e_nist: no reference of any item has a word");
}

TEST(RougeTest, PrecisionAndRecallMayComeFromDifferentReferences) {
  // "a b c d": precision 4/4 against the first, 4/8; recall 2/2 against the second.
  const Score score = Of("rouge_l", {{"a b c d"}, {{"a b c d e f g h", "b d"}}});
  EXPECT_NEAR(score.value, 1, 1e-12);
  const double f = (1 + 1.44) * 1 * 0.5 / (0.5 + 1.44 * 1);
  EXPECT_NEAR(Of("rouge_l", {{"a b c d"}, {{"a b c d e f g h"}}}).value, f, 1e-12);
}

TEST(CiderTest, OneItemTellsNothing) {
  EXPECT_EQ(Of("cider", {{"a b c d"}, {{"a b c d"}}}).value, 0);
}

TEST(CiderTest, LengthCountsAsAGaussian) {
  const Texts same = {{"a b", "x y"}, {{"a b"}, {"x y"}}};
  EXPECT_NEAR(Of("cider", same).value, 5, 1e-12);  // n = 1 and 2 of four orders
  const Texts longer = {{"a b a b a b a", "x y"}, {{"a b"}, {"x y"}}};
  const Score score = Of("cider", longer);
  // One word: 2 of norms 5 and root 2; two: 1 of norms root 18 and 1. Five pairs of words too many.
  const double cosines = 2 / (5 * std::sqrt(2)) + 1 / std::sqrt(18);
  EXPECT_NEAR(score.items[0], 10 * cosines / 4 * std::exp(-25.0 / 72), 1e-12);
  EXPECT_NEAR(score.items[1], 5, 1e-12);
}

TEST(WantedTest, MistakesAreNamedWithWhatWasMeant) {
  EXPECT_EQ(ErrorOf("blue"), "unknown metric of texts \"blue\"; did you mean \"bleu\"?");
  EXPECT_EQ(ErrorOf({{"metric", "bleu"}, {"tokenise", "none"}}),
            "metric bleu: unknown option \"tokenise\"; did you mean \"tokenize\"?");
  EXPECT_EQ(ErrorOf({{"metric", "bleu"}, {"tokenize", "zh"}}),
            "metric bleu: tokenize is \"zh\": it is one of 13a, intl, char, none");
  EXPECT_EQ(ErrorOf({{"metric", "bleu"}, {"lowercase", 1}}),
            "metric bleu: lowercase is 1: it is true or false");
  EXPECT_EQ(ErrorOf({{"metric", "cider"}, {"n", 4}}),
            "metric cider: unknown option \"n\"; it has none");
  EXPECT_EQ(ErrorOf(7), "a metric is its name, or an object of \"metric\" and its options: got 7");
}

TEST(WantedTest, AValueOfASmoothingThatHasNoneIsRefused) {
  for (const auto& [smooth, value, message] :
       {std::tuple("exp", 0.5,
                   "metric bleu: smooth_value is of smooth: floor and add-k; smooth is "
                   "exp"),
        std::tuple("floor", -1.0, "metric bleu: smooth_value is negative")}) {
    const Json json = {{"metric", "bleu"}, {"smooth", smooth}, {"smooth_value", value}};
    EXPECT_EQ(ErrorOf(json), message);
  }
}

}  // namespace
}  // namespace eida::metrics
