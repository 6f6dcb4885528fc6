// BLEU as mteval-v13a computes it in the E2E challenge, 0 to 1: case-insensitive, nearest reference
// length, any number of references an item, a missing match counted as a half, a quarter, ...
#include <cmath>

#include "worker/metrics/bleu.h"
#include "worker/metrics/text/mteval.h"

namespace eida::metrics {

Result<Score> Metric_e2e_bleu(const Corpus& corpus, const Json&) {
  Ngrams ngrams(BleuCounts::kOrder);
  BleuCounts counts;
  for (size_t i = 0; i < corpus.size(); ++i) counts.Add(ngrams, MtevalWords(corpus, i));

  std::array<double, 4> precisions;
  double logs = 0, halved = 1;
  for (int n = 0; n < BleuCounts::kOrder; ++n) {
    const auto matched = static_cast<double>(counts.matched[n]);
    const auto total = static_cast<double>(counts.total[n]);
    precisions[n] = total == 0 ? 1 : (matched > 0 ? matched : 1 / (halved *= 2)) / total;
    logs += std::log(precisions[n]);
  }
  Score score;
  score.value = counts.BrevityPenalty() * std::exp(logs / BleuCounts::kOrder);
  score.signature = "nrefs:" + NumberOfReferences(corpus) +
                    "|case:lc|tok:mteval-13a|length:closest|smooth:exp|eida:" EIDA_VERSION;
  AddParts(score, counts, precisions);
  return score;
}

}  // namespace eida::metrics
