// CIDEr-D as the E2E challenge computes it (the COCO caption scripts), 0 to 10: cosines of clipped
// tf-idf vectors of n-grams, n = 1 to 4, times a Gaussian of the difference in length, mean over n,
// over references, over items, times ten. Document frequencies are those of the references scored
// here, one document an item.
#include <array>
#include <cmath>

#include "worker/metrics/bleu.h"
#include "worker/metrics/metric.h"
#include "worker/metrics/ngrams.h"
#include "worker/metrics/text/ptb.h"

namespace eida::metrics {
namespace {

constexpr int kOrder = 4;
constexpr double kSigma = 6;

struct Vector {
  Counts counts;
  std::array<double, kOrder> norm{};
  int64_t length = 0;  // in pairs of words, as the scripts measure it
};

struct Item {
  Vector hypothesis;
  std::vector<Vector> references;
};

Vector VectorOf(Ngrams& ngrams, const Tokens& tokens) {
  Vector vector;
  vector.counts = ngrams.Of(tokens);
  vector.length = std::max<int64_t>(static_cast<int64_t>(tokens.size()) - 1, 0);
  return vector;
}

// ln(items / items whose references have it); one that none has counts as one that one has.
std::vector<double> InverseFrequencies(const std::vector<Item>& items, const Ngrams& ngrams) {
  std::vector<double> weight(ngrams.size());
  for (const Item& item : items) {
    std::vector<Counts> references;
    for (const Vector& reference : item.references) references.push_back(reference.counts);
    for (const auto& of_order : LargestOf(references)) {
      for (const Count& each : of_order) weight[each.ngram] += 1;
    }
  }
  const double all = std::log(static_cast<double>(items.size()));
  for (double& each : weight) each = all - std::log(std::max(each, 1.0));
  return weight;
}

void Measure(Vector& vector, const std::vector<double>& weight) {
  for (int n = 0; n < kOrder; ++n) {
    double squares = 0;
    for (const Count& each : vector.counts[n]) {
      const double value = static_cast<double>(each.n) * weight[each.ngram];
      squares += value * value;
    }
    vector.norm[n] = std::sqrt(squares);
  }
}

double Similarity(const Vector& ours, const Vector& reference, const std::vector<double>& weight) {
  const auto apart = static_cast<double>(ours.length - reference.length);
  double sum = 0;
  for (int n = 0; n < kOrder; ++n) {
    const double norms = ours.norm[n] * reference.norm[n];
    if (norms == 0) continue;
    double product = 0;
    ForBoth(ours.counts[n], reference.counts[n], [&](Ngram ngram, int64_t a, int64_t b) {
      const double w = weight[ngram] * weight[ngram];
      product += static_cast<double>(std::min(a, b)) * static_cast<double>(b) * w;
    });
    sum += product / norms;
  }
  return sum * std::exp(-apart * apart / (2 * kSigma * kSigma)) / kOrder;
}

}  // namespace

Result<Score> Metric_cider(const Corpus& corpus, const Json&) {
  Ngrams ngrams(kOrder);
  std::vector<Item> items(corpus.size());
  for (size_t i = 0; i < corpus.size(); ++i) {
    const Words words = WordsOf(corpus, i, CaptionTokens);
    items[i].hypothesis = VectorOf(ngrams, words.hypothesis);
    for (const Tokens& reference : words.references)
      items[i].references.push_back(VectorOf(ngrams, reference));
  }
  const std::vector<double> weight = InverseFrequencies(items, ngrams);
  Score score;
  for (Item& item : items) {
    Measure(item.hypothesis, weight);
    double sum = 0;
    for (Vector& reference : item.references) {
      Measure(reference, weight);
      sum += Similarity(item.hypothesis, reference, weight);
    }
    score.items.push_back(10 * sum / static_cast<double>(item.references.size()));
    score.value += score.items.back() / static_cast<double>(items.size());
  }
  score.signature = "nrefs:" + NumberOfReferences(corpus) +
                    "|case:lc|tok:ptb-no-punctuation|sigma:6|idf:references|eida:" EIDA_VERSION;
  return score;
}

}  // namespace eida::metrics
