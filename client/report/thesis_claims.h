// The thesis' claims, one function each, and what they share. Internal to thesis_claims*.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/report/claims.h"

namespace eida::report::thesis {

inline constexpr char kTwoRanks[] = "needs at least two LoRA ranks with results";
inline constexpr char kFull[] = "needs full fine-tuning and LoRA with results";
inline constexpr char kCka[] = "needs an analysis of type cka over pairs of seeds";
inline constexpr char kGap[] = "needs an analysis of type convexity_gap over pairs of seeds";
inline constexpr char kSameSeed[] = "needs an analysis over pairs of ranks with the same seed";
inline constexpr char kSameSeedFrom2[] =
    "needs an analysis over pairs of ranks above 1 with the same seed";

// Two LoRA ranks, the lower one at least `low`, and a measure's values over seeds.
struct Between {
  const Setting *a, *b;
  std::vector<double> values;
};
std::vector<Between> BetweenRanks(const Results& r, const std::string& metric, int64_t low);

Finding AccuracyGrowsTo8(const Results& r);
Finding AccuracyFallsBeyond8(const Results& r);
Finding NearFullAt4To8(const Results& r);
Finding BleuGrows(const Results& r);
Finding CkaShareOfFull(const Results& r);
Finding Rank2MoreAlike(const Results& r);
Finding CrossRankCka(const Results& r);
Finding LowRanksDifferFromOthers(const Results& r);
Finding NeighboursAlikeFrom4(const Results& r);
Finding AllBelowFullCka(const Results& r);
Finding CkaLowerFrom64(const Results& r);
Finding CkaFallsWithRank(const Results& r);
Finding FullMostlyBelow002(const Results& r);
Finding Seeds1And69(const Results& r);
Finding SameRankAtMost003(const Results& r);
Finding SameRankAtMost002(const Results& r);
Finding SameSeedAtFullLevel(const Results& r);
Finding HalfWithin10Percent(const Results& r);
Finding LoraGapsAboveFull(const Results& r);
Finding SomeGapAboveTheLoss(const Results& r);
Finding SomeSeedWithoutBarrier(const Results& r);
Finding SoupLowersLoss(const Results& r);
Finding SoupLowersAccuracy(const Results& r);
Finding SoupRaisesBleu(const Results& r);

}  // namespace eida::report::thesis
