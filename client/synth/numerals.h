// Numbers in words, English and Romanian.
#pragma once

#include <string>

namespace eida::synth {

// 0..9999: "one thousand two hundred and thirty-four".
std::string EnglishNumber(int n);
// 1..31: "twenty-first".
std::string EnglishOrdinal(int n);
// 1900..2099 as years are said: "nineteen oh five", "two thousand one", "twenty twenty-one".
std::string EnglishYear(int year);

// Nouns agree with one and two: un leu, doi lei; o carte, două cărți; un scaun, două scaune
// (masculine alone, feminine in number).
enum class Gender { kMasculine, kFeminine, kNeuter };
// 0..9999 as one counts: "douăzeci și doi", feminine "douăzeci și două".
std::string RomanianNumber(int n, Gender gender = Gender::kMasculine);
// 1..9999 of a noun: "un leu", "nouăsprezece lei", "douăzeci de lei", "o sută unu lei", "o sută
// douăzeci de lei".
std::string RomanianCount(int n, Gender gender, const std::string& singular,
                          const std::string& plural);

}  // namespace eida::synth
