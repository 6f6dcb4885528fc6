#include "worker/metrics/meteor/meteor.h"

#include <cmath>

#include "gtest/gtest.h"
#include "worker/metrics/metric.h"

namespace eida::metrics {
namespace {

std::vector<int64_t> Positions(const Tokens& ours, const Tokens& reference) {
  std::vector<int64_t> positions;
  for (const Match& match : Align(ours, reference)) positions.push_back(match.ours);
  return positions;
}

TEST(StemTest, IsSnowballsForEnglish) {
  EXPECT_EQ(Stem("restaurants"), "restaur");
  EXPECT_EQ(Stem("rated"), Stem("rating"));
  EXPECT_EQ(Stem("families"), "famili");
  EXPECT_NE(Stem("river"), Stem("rivers'x"));
}

TEST(AlignTest, EqualWordsBeforeStemsAndEveryWordOnce) {
  EXPECT_EQ(Positions({"the", "cat", "sat"}, {"the", "cat", "sat"}),
            (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(Positions({"cats", "cat"}, {"cat", "dog"}), (std::vector<int64_t>{1, -1}));
  EXPECT_EQ(Positions({"cats"}, {"cat"}), (std::vector<int64_t>{0}));
  EXPECT_EQ(Align({"cats"}, {"cat"})[0].module, Module::kStem);
  EXPECT_EQ(Positions({"a", "a"}, {"a"}).size(), 1u);
}

TEST(AlignTest, FewerChunksWin) {
  // "the" twice: the second one goes on with "dog".
  EXPECT_EQ(Positions({"the", "cat", "saw", "the", "dog"}, {"the", "dog"}),
            (std::vector<int64_t>{3, 4}));
}

TEST(AlignTest, ManyRepeatedWordsAreAligned) {
  const Tokens words(200, "a");
  EXPECT_EQ(CountsOf(words, words).chunks, 1);
  EXPECT_EQ(CountsOf(words, words).ours.Matches(), 200);
}

TEST(MeteorTest, TheFormulaByHand) {
  // ours: the(function) cats sleep; reference: the cat slept here. Matches: the, cats by stem.
  const MeteorCounts counts = CountsOf({"the", "cats", "sleep"}, {"the", "cat", "slept", "here"});
  EXPECT_EQ(counts.ours.Matches(), 2);
  EXPECT_EQ(counts.chunks, 1);
  const MeteorScore score = ScoreOf(counts, {});
  const double matched = 0.25 * 1 + 0.75 * 0.6;
  const double precision = matched / (0.25 + 2 * 0.75), recall = matched / (0.25 + 3 * 0.75);
  EXPECT_NEAR(score.precision, precision, 1e-12);
  EXPECT_NEAR(score.recall, recall, 1e-12);
  const double mean = 1 / (0.15 / precision + 0.85 / recall);
  EXPECT_NEAR(score.score, mean * (1 - 0.6 * std::pow(0.5, 0.2)), 1e-12);
}

TEST(MeteorTest, AWholeMatchIsNotPenalised) {
  EXPECT_EQ(ScoreOf(CountsOf({"one"}, {"one"}), {}).score, 1);
  EXPECT_EQ(ScoreOf(CountsOf({"a", "b", "c"}, {"a", "b", "c"}), {}).score, 1);
  EXPECT_LT(ScoreOf(CountsOf({"a", "b"}, {"b", "a"}), {}).score, 1);
  EXPECT_EQ(ScoreOf(CountsOf({}, {"a"}), {}).score, 0);
}

TEST(MeteorTest, NormalisesAsMeteorDoes) {
  const auto of = [](const Tokens& words) { return MeteorTokens(words); };
  EXPECT_EQ(of({"family-friendly", "caf\u00e9"}), (Tokens{"family", "friendly", "caf\u00e9"}));
  EXPECT_EQ(of({"it", "'s", "n't"}), (Tokens{"it", "'", "s", "n", "'t"}));
  EXPECT_EQ(of({"u.s.", "mr.", "x"}), (Tokens{"us", "mr.", "x"}));
  EXPECT_EQ(of({"mr.", "1,200", "$"}), (Tokens{"mr", ".", "1,200", "$"}));
}

TEST(MeteorTest, TheBestReferenceCountsAndSumsAreOfItems) {
  const Texts texts = {{"a dog barks", "rain falls"},
                       {{"no match whatever", "a dog barks"}, {"snow falls"}}};
  const Score score = *MetricOf({"meteor_exact_stem"}, texts);
  EXPECT_EQ(score.items[0], 1);
  EXPECT_LT(score.items[1], 0.5);
  EXPECT_LT(score.value, 1);
  EXPECT_GT(score.value, score.items[1]);
}

}  // namespace
}  // namespace eida::metrics
