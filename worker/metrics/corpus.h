// What is scored: texts and their references, checked and decoded once for all metrics.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"
#include "worker/metrics/text/unicode.h"

namespace eida::metrics {

// Item by item: what a model wrote, and one or more texts that would have been right. The number of
// references may differ from item to item. An empty reference ("") is none, as in sacrebleu and
// mteval; an empty hypothesis is a text of no words.
struct Texts {
  std::vector<std::string> hypotheses;
  std::vector<std::vector<std::string>> references;
};

struct Corpus {
  std::vector<Text> hypotheses;
  std::vector<std::vector<Text>> references;  // at least one an item, none of them empty

  size_t size() const { return hypotheses.size(); }
};

// InvalidArgument naming the item (from 0) where texts are not UTF-8 or an item has no reference
// that is a text; where the two lists differ in length, or there is no item at all.
Result<Corpus> CorpusOf(const Texts& texts);

// An item's texts as words.
struct Words {
  Tokens hypothesis;
  std::vector<Tokens> references;
};
template <class Tokenize>
Words WordsOf(const Corpus& corpus, size_t item, const Tokenize& tokenize) {
  Words words;
  words.hypothesis = tokenize(corpus.hypotheses[item]);
  for (const Text& reference : corpus.references[item])
    words.references.push_back(tokenize(reference));
  return words;
}

}  // namespace eida::metrics
