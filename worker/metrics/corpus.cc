#include "worker/metrics/corpus.h"

namespace eida::metrics {
namespace {

std::string Item(size_t i) { return "item " + std::to_string(i); }

}  // namespace

Result<Corpus> CorpusOf(const Texts& texts) {
  const size_t n = texts.hypotheses.size();
  if (n != texts.references.size())
    return InvalidArgument(std::to_string(n) + " texts to score and references for " +
                           std::to_string(texts.references.size()) + " items: from " +
                           Item(std::min(n, texts.references.size())) +
                           " on one of them is missing");
  if (n == 0) return InvalidArgument("no texts to score: a metric of a corpus needs an item");
  Corpus corpus;
  corpus.hypotheses.reserve(n);
  corpus.references.resize(n);
  for (size_t i = 0; i < n; ++i) {
    Result<Text> text = Decode(texts.hypotheses[i]);
    if (!text.ok()) return Annotate(text.status(), Item(i) + ": its text");
    corpus.hypotheses.push_back(std::move(text).value());
    for (size_t r = 0; r < texts.references[i].size(); ++r) {
      Result<Text> reference = Decode(texts.references[i][r]);
      if (!reference.ok())
        return Annotate(reference.status(), Item(i) + ": its reference " + std::to_string(r));
      if (!reference->empty()) corpus.references[i].push_back(std::move(reference).value());
    }
    if (corpus.references[i].empty())
      return InvalidArgument(Item(i) + " has no reference" +
                             (texts.references[i].empty() ? "" : " but empty ones"));
  }
  return corpus;
}

}  // namespace eida::metrics
