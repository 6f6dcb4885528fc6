// METEOR 1.5's formula for English with two of its four ways to match, 0 to 1: equal words, and
// words of one stem. Its synonyms and paraphrases need tables under licences of their own, so
// values are below METEOR's. Texts go the E2E challenge's way: words without punctuation, then
// METEOR's normalisation. An item counts with the reference that scores highest; the value is of
// the sums.
#include "worker/metrics/bleu.h"
#include "worker/metrics/meteor/meteor.h"
#include "worker/metrics/metric.h"
#include "worker/metrics/text/ptb.h"

namespace eida::metrics {

Result<Score> Metric_meteor_exact_stem(const Corpus& corpus, const Json&) {
  const MeteorParameters parameters;
  const auto tokenize = [](const Text& text) { return MeteorTokens(CaptionTokens(text)); };
  Score score;
  MeteorCounts all;
  for (size_t i = 0; i < corpus.size(); ++i) {
    const Words words = WordsOf(corpus, i, tokenize);
    MeteorCounts best;
    double highest = -1;
    for (const Tokens& reference : words.references) {
      const MeteorCounts counts = CountsOf(words.hypothesis, reference);
      const double value = ScoreOf(counts, parameters).score;
      if (value > highest) std::tie(best, highest) = std::tie(counts, value);
    }
    score.items.push_back(highest);
    all.Add(best);
  }
  const MeteorScore sums = ScoreOf(all, parameters);
  score.value = sums.score;
  score.parts = {{"precision", sums.precision},
                 {"recall", sums.recall},
                 {"fragmentation", sums.fragmentation},
                 {"chunks", static_cast<double>(all.chunks)},
                 {"matches", static_cast<double>(all.ours.Matches())},
                 {"length", static_cast<double>(all.ours.words)},
                 {"reference_length", static_cast<double>(all.reference.words)}};
  score.signature = "nrefs:" + NumberOfReferences(corpus) +
                    "|case:lc|tok:ptb-no-punctuation+meteor-norm|modules:exact,stem|"
                    "weights:1,0.6|alpha:0.85|beta:0.2|gamma:0.6|delta:0.75|eida:" EIDA_VERSION;
  return score;
}

}  // namespace eida::metrics
