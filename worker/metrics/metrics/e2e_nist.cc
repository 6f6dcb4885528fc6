// NIST of order 5 as the E2E challenge's mteval-v13a computes it, with its treatment of items that
// differ in how many references they have: information from all references' counts; the length of
// the references is their words over the mean number of references of an item.
#include <algorithm>
#include <array>
#include <cmath>

#include "worker/metrics/bleu.h"
#include "worker/metrics/metric.h"
#include "worker/metrics/ngrams.h"
#include "worker/metrics/text/mteval.h"

namespace eida::metrics {
namespace {

constexpr int kOrder = 5;

// 1 from the references' length on; one half at two thirds of it.
double LengthPenalty(double ratio) {
  if (ratio >= 1) return 1;
  if (ratio <= 0) return 0;
  const double beta = std::log(2) / (std::log(1.5) * std::log(1.5));
  return std::exp(-beta * std::log(ratio) * std::log(ratio));
}

struct Item {
  Counts hypothesis;
  std::vector<Counts> references;
};

// Bits that an n-gram's last word tells behind the words before it.
std::vector<double> Information(const std::vector<Item>& items, const Ngrams& ngrams,
                                double words) {
  std::vector<double> count(ngrams.size());
  for (const Item& item : items) {
    for (const Counts& reference : item.references) {
      for (const auto& of_order : reference) {
        for (const Count& each : of_order) count[each.ngram] += static_cast<double>(each.n);
      }
    }
  }
  // To Perl the text "0" is false: mteval takes the word 0 before another for no word at all.
  const Ngram zero = ngrams.Word("0");
  std::vector<double> bits(ngrams.size());
  for (Ngram ngram = 1; ngram < ngrams.size(); ++ngram) {
    const Ngram prefix = ngrams.Prefix(ngram);
    if (count[ngram] > 0)
      bits[ngram] =
          std::log2((prefix == 0 || prefix == zero ? words : count[prefix]) / count[ngram]);
  }
  return bits;
}

}  // namespace

Result<Score> Metric_e2e_nist(const Corpus& corpus, const Json&) {
  Ngrams ngrams(kOrder);
  std::vector<Item> items(corpus.size());
  std::array<double, kOrder> total{}, gained{};
  double reference_words = 0, references = 0;
  for (size_t i = 0; i < corpus.size(); ++i) {
    const Words words = MtevalWords(corpus, i);
    items[i].hypothesis = ngrams.Of(words.hypothesis);
    for (const Tokens& reference : words.references) {
      items[i].references.push_back(ngrams.Of(reference));
      reference_words += static_cast<double>(reference.size());
      references += 1;
    }
    for (int n = 0; n < kOrder; ++n)
      total[n] += std::max(static_cast<double>(words.hypothesis.size()) - n, 0.0);
  }
  if (references == 0) return InvalidArgument("no reference of any item has a word");

  const std::vector<double> bits = Information(items, ngrams, reference_words);
  for (const Item& item : items) {
    if (item.references.empty()) continue;
    const Counts most = LargestOf(item.references);
    for (int n = 0; n < kOrder; ++n) {
      ForBoth(item.hypothesis[n], most[n], [&](Ngram ngram, int64_t a, int64_t b) {
        gained[n] += bits[ngram] * static_cast<double>(std::min(a, b));
      });
    }
  }
  Score score;
  const double length = reference_words / (references / static_cast<double>(corpus.size()));
  const double penalty = LengthPenalty(total[0] / length);
  for (int n = 0; n < kOrder; ++n) {
    const double each = gained[n] / std::max(total[n], 1.0);
    score.value += each * penalty;
    score.parts.emplace_back("information_" + std::to_string(n + 1), each);
  }
  score.parts.emplace_back("length_penalty", penalty);
  score.parts.emplace_back("length", total[0]);
  score.parts.emplace_back("reference_length", length);
  score.signature =
      "nrefs:" + NumberOfReferences(corpus) + "|case:lc|tok:mteval-13a|order:5|eida:" EIDA_VERSION;
  return score;
}

}  // namespace eida::metrics
