// Connectivity and soups.
#include <cmath>
#include <map>
#include <set>

#include "client/report/thesis_claims.h"

namespace eida::report::thesis {
namespace {

std::vector<double> SameGaps(const Results& r, const Setting& s) {
  const Pairs* gap = r.Matrix("convexity_gap");
  return gap == nullptr ? std::vector<double>() : Values(r.Same(*gap, s));
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

}  // namespace

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

Finding SameRankAtMost003(const Results& r) { return SameRankAtMost(r, 0.03, 0); }
Finding SameRankAtMost002(const Results& r) { return SameRankAtMost(r, 0.02, 32); }

Finding SameSeedAtFullLevel(const Results& r) {
  const Setting* full = r.Find("full");
  const std::vector<double> of_full = full == nullptr ? std::vector<double>() : SameGaps(r, *full);
  std::vector<double> between;
  for (const Between& b : BetweenRanks(r, "convexity_gap", 2))
    between.insert(between.end(), b.values.begin(), b.values.end());
  if (between.empty()) return Untested(kSameSeedFrom2);
  if (of_full.empty()) return Untested("needs gaps between fully fine-tuned models");
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

Finding SoupLowersLoss(const Results& r) { return SoupAgainstSingle(r, "loss", 1, false); }
Finding SoupLowersAccuracy(const Results& r) {
  return SoupAgainstSingle(r, "accuracy", 100, false);
}
Finding SoupRaisesBleu(const Results& r) { return SoupAgainstSingle(r, "bleu", 1, true); }

}  // namespace eida::report::thesis
