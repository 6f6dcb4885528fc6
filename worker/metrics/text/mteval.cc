#include "worker/metrics/text/mteval.h"

#include <algorithm>

#include "worker/metrics/text/rewrite.h"
#include "worker/metrics/text/sacrebleu.h"

namespace eida::metrics {

Tokens MtevalTokens(const Text& text) {
  Text line = text;
  std::replace_if(line.begin(), line.end(), IsSpace, U' ');
  Replace(line, U"<skipped>", U"");
  SplitAs13a(line);
  for (char32_t& c : line) {
    if (c >= U'A' && c <= U'Z') c += U'a' - U'A';
  }
  return SplitAt(line, IsSpace);
}

Words MtevalWords(const Corpus& corpus, size_t item) {
  Words words = WordsOf(corpus, item, MtevalTokens);
  const auto empty = [](const Tokens& tokens) { return tokens.empty(); };
  auto& references = words.references;
  references.erase(std::remove_if(references.begin(), references.end(), empty), references.end());
  return words;
}

}  // namespace eida::metrics
