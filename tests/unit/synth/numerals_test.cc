#include "client/synth/numerals.h"

#include "gtest/gtest.h"

namespace eida::synth {
namespace {

constexpr Gender kM = Gender::kMasculine, kF = Gender::kFeminine, kN = Gender::kNeuter;

TEST(NumeralsTest, EnglishNumbersAndOrdinals) {
  EXPECT_EQ(EnglishNumber(0), "zero");
  EXPECT_EQ(EnglishNumber(13), "thirteen");
  EXPECT_EQ(EnglishNumber(40), "forty");
  EXPECT_EQ(EnglishNumber(99), "ninety-nine");
  EXPECT_EQ(EnglishNumber(100), "one hundred");
  EXPECT_EQ(EnglishNumber(305), "three hundred and five");
  EXPECT_EQ(EnglishNumber(1234), "one thousand two hundred and thirty-four");
  EXPECT_EQ(EnglishNumber(2001), "two thousand and one");
  EXPECT_EQ(EnglishOrdinal(1), "first");
  EXPECT_EQ(EnglishOrdinal(12), "twelfth");
  EXPECT_EQ(EnglishOrdinal(20), "twentieth");
  EXPECT_EQ(EnglishOrdinal(30), "thirtieth");
  EXPECT_EQ(EnglishOrdinal(23), "twenty-third");
  EXPECT_EQ(EnglishYear(1900), "nineteen hundred");
  EXPECT_EQ(EnglishYear(1905), "nineteen oh five");
  EXPECT_EQ(EnglishYear(1984), "nineteen eighty-four");
  EXPECT_EQ(EnglishYear(2000), "two thousand");
  EXPECT_EQ(EnglishYear(2008), "two thousand eight");
  EXPECT_EQ(EnglishYear(2021), "twenty twenty-one");
}

TEST(NumeralsTest, RomanianOneAndTwoAgreeWithTheirNoun) {
  EXPECT_EQ(RomanianCount(1, kM, "leu", "lei"), "un leu");
  EXPECT_EQ(RomanianCount(1, kF, "carte", "cărți"), "o carte");
  EXPECT_EQ(RomanianCount(1, kN, "scaun", "scaune"), "un scaun");
  EXPECT_EQ(RomanianCount(2, kM, "leu", "lei"), "doi lei");
  EXPECT_EQ(RomanianCount(2, kF, "carte", "cărți"), "două cărți");
  EXPECT_EQ(RomanianCount(2, kN, "scaun", "scaune"), "două scaune");
  EXPECT_EQ(RomanianCount(12, kM, "leu", "lei"), "doisprezece lei");
  EXPECT_EQ(RomanianCount(12, kN, "scaun", "scaune"), "douăsprezece scaune");
  EXPECT_EQ(RomanianCount(21, kF, "carte", "cărți"), "douăzeci și una de cărți");
  EXPECT_EQ(RomanianCount(21, kN, "scaun", "scaune"), "douăzeci și unu de scaune");
  EXPECT_EQ(RomanianCount(42, kF, "carte", "cărți"), "patruzeci și două de cărți");
}

TEST(NumeralsTest, RomanianJoinsWithDeFromTwentyOn) {
  EXPECT_EQ(RomanianCount(19, kM, "leu", "lei"), "nouăsprezece lei");
  EXPECT_EQ(RomanianCount(20, kM, "leu", "lei"), "douăzeci de lei");
  EXPECT_EQ(RomanianCount(100, kM, "leu", "lei"), "o sută de lei");
  EXPECT_EQ(RomanianCount(101, kM, "leu", "lei"), "o sută unu lei");
  EXPECT_EQ(RomanianCount(119, kM, "leu", "lei"), "o sută nouăsprezece lei");
  EXPECT_EQ(RomanianCount(220, kM, "leu", "lei"), "două sute douăzeci de lei");
  EXPECT_EQ(RomanianCount(1000, kM, "leu", "lei"), "o mie de lei");
}

TEST(NumeralsTest, RomanianHundredsAndThousandsAreFeminine) {
  EXPECT_EQ(RomanianNumber(0), "zero");
  EXPECT_EQ(RomanianNumber(200), "două sute");
  EXPECT_EQ(RomanianNumber(2002), "două mii doi");
  EXPECT_EQ(RomanianNumber(1984), "o mie nouă sute optzeci și patru");
  EXPECT_EQ(RomanianNumber(1112, kF), "o mie o sută douăsprezece");
  EXPECT_EQ(RomanianNumber(16), "șaisprezece");
}

}  // namespace
}  // namespace eida::synth
