// ROUGE-L as the E2E challenge computes it (the COCO caption scripts), 0 to 1: the mean over items
// of F, beta 1.2, of the largest precision and the largest recall, which may come from different
// references.
#include <algorithm>

#include "worker/metrics/bleu.h"
#include "worker/metrics/metric.h"
#include "worker/metrics/text/ptb.h"

namespace eida::metrics {
namespace {

constexpr double kBeta2 = 1.2 * 1.2;

// Length of the longest common subsequence.
int64_t Common(const Tokens& a, const Tokens& b) {
  std::vector<int64_t> row(b.size() + 1);
  for (const std::string& word : a) {
    int64_t diagonal = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t above = row[j + 1];
      row[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

// The scripts split an empty text into one empty word.
Tokens RougeTokens(const Text& text) {
  Tokens tokens = CaptionTokens(text);
  if (tokens.empty()) tokens.emplace_back();
  return tokens;
}

double RougeOf(const Words& item) {
  double precision = 0, recall = 0;
  for (const Tokens& reference : item.references) {
    const auto common = static_cast<double>(Common(item.hypothesis, reference));
    precision = std::max(precision, common / static_cast<double>(item.hypothesis.size()));
    recall = std::max(recall, common / static_cast<double>(reference.size()));
  }
  if (precision == 0 || recall == 0) return 0;
  return (1 + kBeta2) * precision * recall / (recall + kBeta2 * precision);
}

}  // namespace

Result<Score> Metric_rouge_l(const Corpus& corpus, const Json&) {
  Score score;
  for (size_t i = 0; i < corpus.size(); ++i) {
    score.items.push_back(RougeOf(WordsOf(corpus, i, RougeTokens)));
    score.value += score.items.back() / static_cast<double>(corpus.size());
  }
  score.signature = "nrefs:" + NumberOfReferences(corpus) +
                    "|case:lc|tok:ptb-no-punctuation|beta:1.2|eida:" EIDA_VERSION;
  return score;
}

}  // namespace eida::metrics
