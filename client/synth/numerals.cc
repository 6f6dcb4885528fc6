#include "client/synth/numerals.h"

namespace eida::synth {
namespace {

constexpr const char* kEnglish[] = {"zero",    "one",     "two",       "three",    "four",
                                    "five",    "six",     "seven",     "eight",    "nine",
                                    "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
constexpr const char* kEnglishTens[] = {"",      "",      "twenty",  "thirty", "forty",
                                        "fifty", "sixty", "seventy", "eighty", "ninety"};
constexpr const char* kOrdinals[] = {
    "",           "first",     "second",    "third",       "fourth",     "fifth",     "sixth",
    "seventh",    "eighth",    "ninth",     "tenth",       "eleventh",   "twelfth",   "thirteenth",
    "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"};
constexpr const char* kRomanian[] = {"zero",        "unu",           "doi",         "trei",
                                     "patru",       "cinci",         "șase",        "șapte",
                                     "opt",         "nouă",          "zece",        "unsprezece",
                                     "doisprezece", "treisprezece",  "paisprezece", "cincisprezece",
                                     "șaisprezece", "șaptesprezece", "optsprezece", "nouăsprezece"};
constexpr const char* kRomanianTens[] = {"",          "",          "douăzeci", "treizeci",
                                         "patruzeci", "cincizeci", "șaizeci",  "șaptezeci",
                                         "optzeci",   "nouăzeci"};

// 1..19 where nouns agree.
std::string RomanianSmall(int n, Gender gender) {
  if (gender != Gender::kMasculine && n == 2) return "două";
  if (gender != Gender::kMasculine && n == 12) return "douăsprezece";
  if (gender == Gender::kFeminine && n == 1) return "una";
  return kRomanian[n];
}

// "o sută", "două sute", "o mie", "trei mii": both are feminine.
std::string RomanianMany(int n, const char* one, const char* more) {
  return n == 1 ? std::string("o ") + one : RomanianSmall(n, Gender::kFeminine) + " " + more;
}

}  // namespace

std::string EnglishNumber(int n) {
  if (n < 20) return kEnglish[n];
  if (n < 100) {
    const std::string tens = kEnglishTens[n / 10];
    return n % 10 == 0 ? tens : tens + "-" + kEnglish[n % 10];
  }
  const int unit = n < 1000 ? 100 : 1000, rest = n % unit;
  const std::string head = EnglishNumber(n / unit) + (unit == 100 ? " hundred" : " thousand");
  if (rest == 0) return head;
  return head + (rest < 100 ? " and " : " ") + EnglishNumber(rest);
}

std::string EnglishOrdinal(int n) {
  if (n < 20) return kOrdinals[n];
  if (n % 10 != 0) return std::string(kEnglishTens[n / 10]) + "-" + kOrdinals[n % 10];
  const std::string tens = kEnglishTens[n / 10];
  return tens.substr(0, tens.size() - 1) + "ieth";
}

std::string EnglishYear(int year) {
  const int century = year / 100, rest = year % 100;
  if (century == 20 && rest < 10)
    return rest == 0 ? "two thousand" : "two thousand " + EnglishNumber(rest);
  if (rest == 0) return EnglishNumber(century) + " hundred";
  return EnglishNumber(century) + " " + (rest < 10 ? "oh " : "") + EnglishNumber(rest);
}

std::string RomanianNumber(int n, Gender gender) {
  if (n == 0) return kRomanian[0];
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " ") + part; };
  if (n >= 1000) add(RomanianMany(n / 1000, "mie", "mii"));
  if (n % 1000 >= 100) add(RomanianMany(n % 1000 / 100, "sută", "sute"));
  const int rest = n % 100;
  if (rest == 0) return text;
  if (rest < 20) {
    add(RomanianSmall(rest, gender));
  } else {
    add(kRomanianTens[rest / 10]);
    if (rest % 10 != 0) add("și " + RomanianSmall(rest % 10, gender));
  }
  return text;
}

std::string RomanianCount(int n, Gender gender, const std::string& singular,
                          const std::string& plural) {
  if (n == 1) return (gender == Gender::kFeminine ? "o " : "un ") + singular;
  // "de" stands behind numbers whose last two digits are not 1 to 19.
  const bool joined = n % 100 >= 1 && n % 100 < 20;
  return RomanianNumber(n, gender) + (joined ? " " : " de ") + plural;
}

}  // namespace eida::synth
