// METEOR 1.5 for English without its data: alignment by equal words and equal stems, and the score.
// After Denkowski and Lavie (2014) and the program's rules; own code.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "worker/metrics/text/unicode.h"

namespace eida::metrics {

enum class Module : uint8_t { kExact, kStem };
constexpr int kModules = 2;

struct Match {
  int64_t ours = -1;  // position in the hypothesis; -1: the reference's word has no match
  Module module = Module::kExact;
};

// One match at most for each word, by position in `reference`: as many equal words as can be, then
// as few chunks as can be, then the least distance, found by a beam of 40 from left to right. A
// match by stem is taken where it does not cost one of those.
std::vector<Match> Align(const Tokens& ours, const Tokens& reference);

// The Snowball stem ("english", which METEOR uses) of a lower-cased word.
std::string Stem(const std::string& word);

// Words of little content: METEOR weighs them less. A list of ours, of closed classes of English;
// METEOR's own comes from word frequencies in its training texts.
bool IsFunctionWord(const std::string& word);

// The words that METEOR's option -norm makes of a line of lower-cased words.
Tokens MeteorTokens(const Tokens& words);

// What adds up over items.
struct MeteorCounts {
  struct Side {
    int64_t words = 0, function_words = 0;
    std::array<int64_t, kModules> content{}, function{};  // matches
    int64_t Matches() const;
  };
  Side ours, reference;
  int64_t chunks = 0;

  // An item that is its reference, word by word, adds no chunk.
  void Add(const MeteorCounts& item);
  bool IsWhole() const;  // every word matched, in one chunk
};
MeteorCounts CountsOf(const Tokens& ours, const Tokens& reference);

struct MeteorParameters {
  double alpha = 0.85, beta = 0.2, gamma = 0.6, delta = 0.75;
  std::array<double, kModules> weight = {1.0, 0.6};
};
struct MeteorScore {
  double score = 0, precision = 0, recall = 0, fragmentation = 0;
};
MeteorScore ScoreOf(const MeteorCounts& counts, const MeteorParameters& parameters);

}  // namespace eida::metrics
