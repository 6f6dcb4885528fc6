#include "client/report/thesis_claims.h"

namespace eida::report {

const std::vector<Claim>& ThesisClaims() {
  using namespace thesis;
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
