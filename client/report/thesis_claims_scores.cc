// Scores and similarity.
#include <algorithm>
#include <cmath>

#include "client/report/thesis_claims.h"

namespace eida::report::thesis {
namespace {

using Means = std::vector<std::pair<const Setting*, double>>;  // LoRA by rank

Means ScoresByRank(const Results& r, const std::string& metric, int64_t low = 0,
                   int64_t high = INT64_MAX) {
  Means means;
  for (const Setting* s : r.Lora()) {
    const Sample sample = r.Reported(*s, metric);
    if (sample.n > 0 && s->rank >= low && s->rank <= high) means.push_back({s, sample.mean});
  }
  return means;
}

// Mean CKA of pairs of seeds, by rank.
Means CkaByRank(const Results& r) {
  Means means;
  const Pairs* cka = r.Matrix("cka");
  if (cka == nullptr) return means;
  for (const Setting* s : r.Lora()) {
    const Sample sample = SampleOf(Values(r.Same(*cka, *s), true));
    if (sample.n > 0) means.push_back({s, sample.mean});
  }
  return means;
}

double FullCka(const Results& r) {
  const Pairs* cka = r.Matrix("cka");
  const Setting* full = r.Find("full");
  if (cka == nullptr || full == nullptr) return NAN;
  return SampleOf(Values(r.Same(*cka, *full), true)).mean;
}

double FullScore(const Results& r, const std::string& metric) {
  const Setting* full = r.Find("full");
  return full == nullptr ? NAN : r.Reported(*full, metric).mean;
}

// "r=1 0.510, r=2 0.820"
std::string Listed(const Means& means, int decimals, double factor = 1) {
  std::string text;
  for (const auto& [setting, mean] : means)
    text += (text.empty() ? "r=" : ", r=") + std::to_string(setting->rank) + " " +
            Number(mean * factor, decimals);
  return text;
}

bool Ascends(const Means& means) {
  return std::is_sorted(means.begin(), means.end(),
                        [](const auto& a, const auto& b) { return a.second < b.second; });
}

Finding Grows(const Results& r, const std::string& metric, int64_t high, double factor) {
  const Means means = ScoresByRank(r, metric, 0, high);
  if (means.size() < 2) return Untested(kTwoRanks);
  return Tested(Ascends(means), Listed(means, 2, factor));
}

double Own(const Means& own, const Setting* setting) {
  for (const auto& [s, mean] : own) {
    if (s == setting) return mean;
  }
  return NAN;
}

}  // namespace

Finding AccuracyGrowsTo8(const Results& r) { return Grows(r, "accuracy", 8, 100); }
Finding BleuGrows(const Results& r) { return Grows(r, "bleu", INT64_MAX, 1); }

Finding AccuracyFallsBeyond8(const Results& r) {
  const Means means = ScoresByRank(r, "accuracy", 8);
  if (means.size() < 2) return Untested("needs LoRA of rank 8 and of a higher rank");
  bool below = true;
  for (size_t i = 1; i < means.size(); ++i) below &= means[i].second < means[0].second;
  return Tested(below, Listed(means, 2, 100));
}

Finding NearFullAt4To8(const Results& r) {
  const Means means = ScoresByRank(r, "accuracy", 4, 8);
  const double full = FullScore(r, "accuracy");
  if (means.empty() || std::isnan(full))
    return Untested("needs LoRA of rank 4 to 8 and full fine-tuning");
  bool near = true;
  for (const auto& [setting, mean] : means) near &= full - mean <= 0.02;
  return Tested(near, Listed(means, 2, 100) + ", full " + Number(100 * full, 2));
}

Finding CkaShareOfFull(const Results& r) {
  const Means means = CkaByRank(r);
  const double full = FullCka(r);
  if (means.empty() || std::isnan(full)) return Untested(kCka);
  std::vector<double> shares;
  for (const auto& [setting, mean] : means) shares.push_back(mean / full);
  const double mean = SampleOf(shares).mean;
  return Tested(mean < 1, "on average " + Number(100 * mean, 1) + " % of full fine-tuning's " +
                              Number(full, 3) + ": " + Listed(means, 3));
}

Finding AllBelowFullCka(const Results& r) {
  const Means means = CkaByRank(r);
  const double full = FullCka(r);
  if (means.empty() || std::isnan(full)) return Untested(kCka);
  const bool below =
      std::all_of(means.begin(), means.end(), [&](const auto& m) { return m.second < full; });
  return Tested(below, Listed(means, 3) + ", full " + Number(full, 3));
}

Finding Rank2MoreAlike(const Results& r) {
  const double full = FullCka(r);
  for (const auto& [setting, mean] : CkaByRank(r)) {
    if (setting->rank == 2 && !std::isnan(full))
      return Tested(mean > full, "r=2 " + Number(mean, 3) + ", full " + Number(full, 3));
  }
  return Untested("needs CKA of LoRA rank 2 and of full fine-tuning");
}

Finding CkaFallsWithRank(const Results& r) {
  Means means = CkaByRank(r);
  if (means.size() < 2) return Untested(kCka);
  const std::string text = Listed(means, 3);
  std::reverse(means.begin(), means.end());
  return Tested(Ascends(means), text);
}

Finding CkaLowerFrom64(const Results& r) {
  std::vector<double> low, high;
  for (const auto& [setting, mean] : CkaByRank(r))
    (setting->rank >= 64 ? high : low).push_back(mean);
  if (low.empty() || high.empty()) return Untested("needs CKA of ranks below and from 64");
  return Tested(SampleOf(high).mean < SampleOf(low).mean,
                "mean from rank 64 " + Number(SampleOf(high).mean, 3) + ", below " +
                    Number(SampleOf(low).mean, 3));
}

std::vector<Between> BetweenRanks(const Results& r, const std::string& metric, int64_t low) {
  std::vector<Between> found;
  const Pairs* pairs = r.Matrix(metric);
  const std::vector<const Setting*> lora = r.Lora();
  for (size_t i = 0; pairs != nullptr && i < lora.size(); ++i) {
    for (size_t j = i + 1; j < lora.size(); ++j) {
      std::vector<double> values = Values(r.SameSeed(*pairs, *lora[i], *lora[j]), metric == "cka");
      if (lora[i]->rank >= low && !values.empty()) found.push_back({lora[i], lora[j], values});
    }
  }
  return found;
}

Finding CrossRankCka(const Results& r) {
  const std::vector<Between> between = BetweenRanks(r, "cka", 2);
  if (between.empty()) return Untested(kSameSeedFrom2);
  double smallest = INFINITY;
  std::string where;
  for (const Between& b : between) {
    const double mean = SampleOf(b.values).mean;
    if (mean >= smallest) continue;
    smallest = mean;
    where = "ranks " + std::to_string(b.a->rank) + " and " + std::to_string(b.b->rank);
  }
  return Tested(smallest >= 0.574, "smallest mean " + Number(smallest, 3) + ", " + where);
}

Finding LowRanksDifferFromOthers(const Results& r) {
  const Means own = CkaByRank(r);
  int64_t compared = 0, lower = 0;
  for (const Between& b : BetweenRanks(r, "cka", 0)) {
    for (const Setting* s : {b.a, b.b}) {
      if (s->rank > 2 || std::isnan(Own(own, s))) continue;
      ++compared;
      lower += SampleOf(b.values).mean < Own(own, s) ? 1 : 0;
    }
  }
  if (compared == 0) return Untested("needs CKA of ranks 1 or 2 with other ranks of the same seed");
  return Tested(lower == compared,
                "in " + std::to_string(lower) + " of " + std::to_string(compared) + " comparisons");
}

Finding NeighboursAlikeFrom4(const Results& r) {
  const Means own = CkaByRank(r);
  int64_t compared = 0, alike = 0;
  for (const Between& b : BetweenRanks(r, "cka", 4)) {
    const std::vector<const Setting*> lora = r.Lora();
    const auto at = std::find(lora.begin(), lora.end(), b.a);
    if (at + 1 == lora.end() || *(at + 1) != b.b) continue;  // neighbours only
    for (const Setting* s : {b.a, b.b}) {
      if (std::isnan(Own(own, s))) continue;
      ++compared;
      alike += SampleOf(b.values).mean >= Own(own, s) ? 1 : 0;
    }
  }
  if (compared == 0) return Untested("needs CKA of two neighbouring ranks from 4 on");
  return Tested(alike == compared,
                std::to_string(alike) + " of " + std::to_string(compared) + " comparisons");
}

}  // namespace eida::report::thesis
