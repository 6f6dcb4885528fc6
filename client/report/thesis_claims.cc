#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "client/report/claims.h"

namespace eida::report {
namespace {

using Means = std::vector<std::pair<const Setting*, double>>;  // LoRA by rank

const char kTwoRanks[] = "needs at least two LoRA ranks with results";
const char kFull[] = "needs full fine-tuning and LoRA with results";
const char kCka[] = "needs an analysis of type cka over pairs of seeds";
const char kGap[] = "needs an analysis of type convexity_gap over pairs of seeds";
const char kSameSeed[] = "needs an analysis over pairs of ranks with the same seed";

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

// Of every two LoRA ranks within [low, ..], the means over seeds of a measure.
struct Between {
  const Setting *a, *b;
  std::vector<double> values;
};
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
  if (between.empty()) return Untested(kSameSeed);
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

double Own(const Means& own, const Setting* setting) {
  for (const auto& [s, mean] : own) {
    if (s == setting) return mean;
  }
  return NAN;
}

Finding LowRanksDifferFromOthers(const Results& r) {
  const Means own = CkaByRank(r);
  bool lower = true;
  int64_t compared = 0;
  for (const Between& b : BetweenRanks(r, "cka", 0)) {
    for (const Setting* s : {b.a, b.b}) {
      if (s->rank > 2 || std::isnan(Own(own, s))) continue;
      ++compared;
      lower &= SampleOf(b.values).mean < Own(own, s);
    }
  }
  if (compared == 0) return Untested("needs CKA of ranks 1 or 2 with other ranks of the same seed");
  return Tested(lower, std::to_string(compared) + " comparisons of rank 1 and 2");
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

std::vector<double> SameGaps(const Results& r, const Setting& s) {
  const Pairs* gap = r.Matrix("convexity_gap");
  return gap == nullptr ? std::vector<double>() : Values(r.Same(*gap, s));
}

Finding FullMostlyBelow002(const Results& r) {
  const Setting* full = r.Find("full");
  const std::vector<double> gaps = full == nullptr ? std::vector<double>() : SameGaps(r, *full);
  if (gaps.empty()) return Untested(kGap);
  const double share = ShareAtMost(gaps, std::nextafter(0.02, 0));
  return Tested(share > 0.5, Number(100 * share, 0) + " % of " + std::to_string(gaps.size()) +
                                 " pairs, largest " + Number(Largest(gaps), 4));
}

Finding Seeds1And69(const Results& r) {
  const Setting* full = r.Find("full");
  const Pairs* gap = r.Matrix("convexity_gap");
  std::vector<double> named, others;
  std::set<int64_t> seen;
  if (full != nullptr && gap != nullptr) {
    for (const Pair& pair : r.Same(*gap, *full)) {
      bool is_named = false;
      for (const size_t m : {pair.a, pair.b}) {
        const int64_t seed = r.study().models[m].seed;
        if (seed == 1 || seed == 69) is_named = true, seen.insert(seed);
      }
      (is_named ? named : others).push_back(pair.value);
    }
  }
  if (seen.size() < 2 || others.empty())
    return Untested("needs gaps of full fine-tuning with seeds 1 and 69 and others");
  return Tested(SampleOf(named).mean > SampleOf(others).mean,
                "mean with them " + Number(SampleOf(named).mean, 4) + ", without " +
                    Number(SampleOf(others).mean, 4));
}

Finding SameRankAtMost(const Results& r, double limit, int64_t without) {
  std::vector<double> all;
  std::string by_rank;
  for (const Setting* s : r.Lora()) {
    const std::vector<double> gaps = SameGaps(r, *s);
    if (gaps.empty() || s->rank == without) continue;
    all.insert(all.end(), gaps.begin(), gaps.end());
    by_rank += ", r=" + std::to_string(s->rank) + " " + Number(Largest(gaps), 4);
  }
  if (all.empty()) return Untested(kGap);
  return Tested(Largest(all) <= limit, "largest of " + std::to_string(all.size()) + " pairs " +
                                           Number(Largest(all), 4) + by_rank);
}
Finding SameRankAtMost003(const Results& r) { return SameRankAtMost(r, 0.03, 0); }
Finding SameRankAtMost002(const Results& r) { return SameRankAtMost(r, 0.02, 32); }

Finding SameSeedAtFullLevel(const Results& r) {
  const Setting* full = r.Find("full");
  const std::vector<double> of_full = full == nullptr ? std::vector<double>() : SameGaps(r, *full);
  std::vector<double> between;
  for (const Between& b : BetweenRanks(r, "convexity_gap", 2))
    between.insert(between.end(), b.values.begin(), b.values.end());
  if (between.empty() || of_full.empty()) return Untested(kSameSeed);
  return Tested(Largest(between) <= Largest(of_full),
                "largest " + Number(Largest(between), 4) + ", full " + Number(Largest(of_full), 4));
}

Finding HalfWithin10Percent(const Results& r) {
  const Pairs* gap = r.Matrix("convexity_gap");
  bool holds = true;
  std::string text;
  for (const Setting* s : r.Lora()) {
    std::vector<double> relative;
    if (gap == nullptr) break;
    for (const Pair& pair : r.Same(*gap, *s)) relative.push_back(pair.relative);
    const double share = ShareAtMost(relative, 0.10);
    if (std::isnan(share)) continue;
    holds &= share >= 0.5;
    text += (text.empty() ? "r=" : ", r=") + std::to_string(s->rank) + " " +
            Number(100 * share, 0) + " %";
  }
  return text.empty() ? Untested(kGap) : Tested(holds, text);
}

Finding SomeGapAboveTheLoss(const Results& r) {
  const Pairs* gap = r.Matrix("convexity_gap");
  std::vector<double> relative;
  for (const Setting* s : r.Lora()) {
    if (gap == nullptr) break;
    for (const Pair& pair : r.Same(*gap, *s)) relative.push_back(pair.relative);
  }
  const double largest = Largest(relative);
  if (std::isnan(largest)) return Untested(kGap);
  return Tested(largest > 1,
                "largest gap is " + Number(100 * largest, 0) + " % of the larger end loss");
}

Finding LoraGapsAboveFull(const Results& r) {
  const Setting* full = r.Find("full");
  const std::vector<double> of_full = full == nullptr ? std::vector<double>() : SameGaps(r, *full);
  std::vector<double> lora;
  for (const Setting* s : r.Lora()) {
    const std::vector<double> gaps = SameGaps(r, *s);
    lora.insert(lora.end(), gaps.begin(), gaps.end());
  }
  if (lora.empty() || of_full.empty()) return Untested(kFull);
  return Tested(SampleOf(lora).mean > SampleOf(of_full).mean,
                "mean of LoRA " + Number(SampleOf(lora).mean, 4) + ", full " +
                    Number(SampleOf(of_full).mean, 4));
}

Finding SomeSeedWithoutBarrier(const Results& r) {
  const Pairs* gap = r.Matrix("convexity_gap");
  std::map<int64_t, std::vector<double>> by_seed;
  const std::vector<const Setting*> lora = r.Lora();
  for (size_t i = 0; gap != nullptr && i < lora.size(); ++i) {
    for (size_t j = i + 1; j < lora.size(); ++j) {
      for (const Pair& pair : r.SameSeed(*gap, *lora[i], *lora[j]))
        by_seed[r.study().models[pair.a].seed].push_back(pair.relative);
    }
  }
  double smallest = INFINITY;
  int64_t seed = 0, with = 0;
  for (const auto& [of, relative] : by_seed) {
    const double largest = Largest(relative);
    with += largest > 0.10 ? 1 : 0;
    if (largest < smallest) smallest = largest, seed = of;
  }
  if (by_seed.size() < 2 || std::isinf(smallest)) return Untested(kSameSeed);
  return Tested(smallest <= 0.10 && with > 0,
                "seed " + std::to_string(seed) + ": largest " + Number(100 * smallest, 0) +
                    " % of the larger end loss; " + std::to_string(with) + " of " +
                    std::to_string(by_seed.size()) + " seeds above 10 %");
}

// The soup of most candidates: its own scores and those of the best single model.
Finding SoupAgainstSingle(const Results& r, const std::string& metric, double factor, bool higher) {
  const Soup* soup = nullptr;
  for (const Soup& s : r.study().soups) {
    if (s.type == "greedy" && (soup == nullptr || s.candidates > soup->candidates)) soup = &s;
  }
  if (soup == nullptr) return Untested("needs a greedy soup");
  double of_soup = NAN, of_single = NAN;
  for (const SoupModel& model : soup->models) {
    const auto value = model.report.find(metric);
    if (value == model.report.end()) continue;
    if (model.model == "greedy soup") of_soup = value->second;
    if (model.model == "best single") of_single = value->second;
  }
  if (std::isnan(of_soup) || std::isnan(of_single))
    return Untested("the soup was not scored by " + metric);
  return Tested(
      higher ? of_soup > of_single : of_soup < of_single,
      "soup " + Number(factor * of_soup, 4) + ", best single " + Number(factor * of_single, 4));
}
Finding SoupLowersLoss(const Results& r) { return SoupAgainstSingle(r, "loss", 1, false); }
Finding SoupLowersAccuracy(const Results& r) {
  return SoupAgainstSingle(r, "accuracy", 100, false);
}
Finding SoupRaisesBleu(const Results& r) { return SoupAgainstSingle(r, "bleu", 1, true); }

}  // namespace

const std::vector<Claim>& ThesisClaims() {
  static const auto* const claims = new std::vector<Claim>{
      {"C1", "classification", "4.3.1",
       "From rank 1 to 8 accuracy grows with the rank. (The thesis' own table has rank 2 below "
       "rank 1.)",
       AccuracyGrowsTo8},
      {"C2", "classification", "4.3.1", "Beyond rank 8 the scores fall a little.",
       AccuracyFallsBeyond8},
      {"C3", "classification", "4.3.1",
       "At ranks 4 to 8 LoRA's accuracy is within 2 points of full fine-tuning's.", NearFullAt4To8},
      {"C4", "translation", "4.3.1", "BLEU grows from rank 1 to rank 256.", BleuGrows},
      {"C5", "classification", "4.3.2",
       "Representations of equal-rank models are on average less alike than fully fine-tuned ones "
       "(85.7 %).",
       CkaShareOfFull},
      {"C6", "classification", "4.3.2",
       "Rank-2 models are more alike than fully fine-tuned ones (0.820 against 0.768; the text has "
       "0.765, a slip).",
       Rank2MoreAlike},
      {"C7", "classification", "4.3.2",
       "Except for rank 1, CKA between ranks of one seed is at least 0.574.", CrossRankCka},
      {"C8", "classification", "4.3.2",
       "Ranks 1 and 2 are less like other ranks than like themselves.", LowRanksDifferFromOthers},
      {"C9", "classification", "4.3.2",
       "From rank 4 on, models of neighbouring ranks are at least as alike as models of one rank.",
       NeighboursAlikeFrom4},
      {"C10", "translation", "4.3.2", "No rank's models are more alike than fully fine-tuned ones.",
       AllBelowFullCka},
      {"C11", "translation", "4.3.2",
       "Of full fine-tuning's similarity 63.0 to 87.7 % remain, 73.9 % on average: less than all.",
       CkaShareOfFull},
      {"C12", "translation", "4.3.2", "From rank 64 on, similarity is lower.", CkaLowerFrom64},
      {"C13", "classification", "4.3.2",
       "Similarity falls as the rank grows. (The thesis' own table has its maximum at rank 2.)",
       CkaFallsWithRank},
      {"C14", "classification", "4.3.3",
       "Most pairs of fully fine-tuned models have a convexity gap below 0.02.",
       FullMostlyBelow002},
      {"C15", "classification", "4.3.3", "Seeds 1 and 69 have higher gaps than the others.",
       Seeds1And69},
      {"C16", "classification", "4.3.3", "Pairs of equal rank have gaps of at most 0.03.",
       SameRankAtMost003},
      {"C17", "classification", "4.3.3", "Except for rank 32, at most 0.02.", SameRankAtMost002},
      {"C18", "classification", "4.3.3",
       "Except for rank 1, pairs of one seed and different ranks stay at full fine-tuning's level.",
       SameSeedAtFullLevel},
      {"C19", "translation", "4.3.3",
       "At every rank at least half of the equal-rank pairs have a gap within 10 % of the larger "
       "end loss.",
       HalfWithin10Percent},
      {"C20", "translation", "4.3.3",
       "LoRA's gaps are larger than full fine-tuning's on the whole.", LoraGapsAboveFull},
      {"C21", "translation", "4.3.3", "Some gap is larger than the loss itself.",
       SomeGapAboveTheLoss},
      {"C22", "translation", "4.3.3",
       "Of one seed there are ranks without a barrier between them; of other seeds there is one.",
       SomeSeedWithoutBarrier},
      {"C23", "classification", "4.4", "The soup has a lower loss than the best single model.",
       SoupLowersLoss},
      {"C24", "classification", "4.4", "And a lower accuracy.", SoupLowersAccuracy},
      {"C25", "translation", "4.4", "The soup has a lower test loss than the best single model.",
       SoupLowersLoss},
      {"C26", "translation", "4.4", "And a higher BLEU.", SoupRaisesBleu},
  };
  return *claims;
}

}  // namespace eida::report
