// Sequences of words as numbers, so that counting and comparing them costs no text.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "worker/metrics/text/unicode.h"

namespace eida::metrics {

using Ngram = uint32_t;  // 0 is the empty one
struct Count {
  Ngram ngram;
  int64_t n;
};
// Of the n-grams of each order: [order - 1], sorted by n-gram.
using Counts = std::vector<std::vector<Count>>;

// Numbers the n-grams of one corpus. Not thread-safe.
class Ngrams {
 public:
  explicit Ngrams(int order) : order_(order) {}

  // How often each n-gram of at most `order` words occurs. Linear in the words.
  Counts Of(const Tokens& tokens);
  // The n-gram without its last word.
  Ngram Prefix(Ngram ngram) const { return prefixes_[ngram]; }
  // Of an n-gram of one word, by its text; 0 where it never occurred.
  Ngram Word(const std::string& word) const;
  size_t size() const { return prefixes_.size(); }
  int order() const { return order_; }

 private:
  int order_;
  std::unordered_map<std::string, Ngram> words_;
  std::unordered_map<uint64_t, Ngram> longer_;  // prefix << 32 | word
  std::vector<Ngram> prefixes_ = {0};
};

// What occurs most often in any of them.
Counts LargestOf(const std::vector<Counts>& texts);
// Calls visit(n-gram, count in a, count in b) for what is in both; one order's counts.
template <class Visit>
void ForBoth(const std::vector<Count>& a, const std::vector<Count>& b, const Visit& visit) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (i->ngram < j->ngram) {
      ++i;
    } else if (j->ngram < i->ngram) {
      ++j;
    } else {
      visit(i->ngram, i->n, j->n);
      ++i, ++j;
    }
  }
}

}  // namespace eida::metrics
