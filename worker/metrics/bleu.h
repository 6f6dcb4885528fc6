// What the two BLEUs share: matches of n-grams up to four words, and lengths.
#pragma once

#include <array>
#include <cstdint>

#include "worker/metrics/corpus.h"
#include "worker/metrics/metric.h"
#include "worker/metrics/ngrams.h"

namespace eida::metrics {

struct BleuCounts {
  static constexpr int kOrder = 4;
  std::array<int64_t, kOrder> matched{}, total{};  // by length of n-gram, matches clipped
  int64_t length = 0;                              // words of the hypotheses
  int64_t reference_length = 0;  // of the references nearest in length, the shorter of two as near

  void Add(Ngrams& ngrams, const Words& item);
  double BrevityPenalty() const;  // 1, or exp(1 - reference / length); 0 without a word
};

// The parts of a score of BLEU: precisions, penalty, lengths, counts.
void AddParts(Score& score, const BleuCounts& counts, const std::array<double, 4>& precisions);

// "1", or "var" where items differ in how many references they have.
std::string NumberOfReferences(const Corpus& corpus);

}  // namespace eida::metrics
