#include "worker/metrics/ngrams.h"

#include <algorithm>

namespace eida::metrics {
namespace {

// Sorted and summed.
void Sum(std::vector<Count>& counts) {
  std::sort(counts.begin(), counts.end(),
            [](const Count& a, const Count& b) { return a.ngram < b.ngram; });
  size_t kept = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (kept > 0 && counts[kept - 1].ngram == counts[i].ngram) {
      counts[kept - 1].n += counts[i].n;
    } else {
      counts[kept++] = counts[i];
    }
  }
  counts.resize(kept);
}

}  // namespace

Counts Ngrams::Of(const Tokens& tokens) {
  std::vector<Ngram> words;
  words.reserve(tokens.size());
  for (const std::string& token : tokens) {
    const auto [it, added] = words_.try_emplace(token, static_cast<Ngram>(prefixes_.size()));
    if (added) prefixes_.push_back(0);
    words.push_back(it->second);
  }
  Counts counts(order_);
  for (size_t i = 0; i < words.size(); ++i) {
    Ngram ngram = words[i];
    for (int n = 0;; ++n) {
      counts[n].push_back({ngram, 1});
      if (n + 1 >= order_ || i + n + 1 >= words.size()) break;
      const uint64_t key = uint64_t{ngram} << 32 | words[i + n + 1];
      const auto [it, added] = longer_.try_emplace(key, static_cast<Ngram>(prefixes_.size()));
      if (added) prefixes_.push_back(ngram);
      ngram = it->second;
    }
  }
  for (auto& of_order : counts) Sum(of_order);
  return counts;
}

Ngram Ngrams::Word(const std::string& word) const {
  const auto it = words_.find(word);
  return it == words_.end() ? 0 : it->second;
}

Counts LargestOf(const std::vector<Counts>& texts) {
  if (texts.size() == 1) return texts[0];
  Counts largest(texts[0].size());
  for (size_t n = 0; n < largest.size(); ++n) {
    auto& all = largest[n];
    for (const Counts& text : texts) all.insert(all.end(), text[n].begin(), text[n].end());
    // The largest first, of which the others then are copies.
    std::sort(all.begin(), all.end(), [](const Count& a, const Count& b) {
      return a.ngram != b.ngram ? a.ngram < b.ngram : a.n > b.n;
    });
    const auto same = [](const Count& a, const Count& b) { return a.ngram == b.ngram; };
    all.erase(std::unique(all.begin(), all.end(), same), all.end());
  }
  return largest;
}

}  // namespace eida::metrics
