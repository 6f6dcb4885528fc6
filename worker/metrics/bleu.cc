#include "worker/metrics/bleu.h"

#include <algorithm>
#include <cmath>

namespace eida::metrics {
namespace {

int64_t Nearest(int64_t length, const std::vector<Tokens>& references) {
  int64_t nearest = -1;
  for (const Tokens& reference : references) {
    const auto n = static_cast<int64_t>(reference.size());
    const int64_t far = std::abs(n - length), best = std::abs(nearest - length);
    if (nearest < 0 || far < best || (far == best && n < nearest)) nearest = n;
  }
  return std::max<int64_t>(nearest, 0);
}

}  // namespace

void BleuCounts::Add(Ngrams& ngrams, const Words& item) {
  const auto n = static_cast<int64_t>(item.hypothesis.size());
  length += n;
  reference_length += Nearest(n, item.references);
  for (int order = 0; order < kOrder; ++order) total[order] += std::max<int64_t>(n - order, 0);
  if (item.references.empty()) return;
  std::vector<Counts> references;
  for (const Tokens& reference : item.references) references.push_back(ngrams.Of(reference));
  const Counts most = LargestOf(references), ours = ngrams.Of(item.hypothesis);
  for (int order = 0; order < kOrder; ++order) {
    ForBoth(ours[order], most[order],
            [&](Ngram, int64_t a, int64_t b) { matched[order] += std::min(a, b); });
  }
}

double BleuCounts::BrevityPenalty() const {
  if (length >= reference_length) return length > 0 ? 1 : 0;
  if (length == 0) return 0;
  return std::exp(1 - static_cast<double>(reference_length) / static_cast<double>(length));
}

void AddParts(Score& score, const BleuCounts& counts, const std::array<double, 4>& precisions) {
  auto& parts = score.parts;
  for (int n = 0; n < BleuCounts::kOrder; ++n)
    parts.emplace_back("precision_" + std::to_string(n + 1), precisions[n]);
  parts.emplace_back("brevity_penalty", counts.BrevityPenalty());
  parts.emplace_back("length", counts.length);
  parts.emplace_back("reference_length", counts.reference_length);
  for (int n = 0; n < BleuCounts::kOrder; ++n) {
    parts.emplace_back("matched_" + std::to_string(n + 1), counts.matched[n]);
    parts.emplace_back("total_" + std::to_string(n + 1), counts.total[n]);
  }
}

std::string NumberOfReferences(const Corpus& corpus) {
  for (const auto& references : corpus.references) {
    if (references.size() != corpus.references[0].size()) return "var";
  }
  return std::to_string(corpus.references[0].size());
}

}  // namespace eida::metrics
