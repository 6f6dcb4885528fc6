// Soups of trained members: weighted sums of their weights, and what is compared with them.
#pragma once

#include <memory>
#include <vector>

#include "worker/analysis/soup_search.h"
#include "worker/engine/study.h"

namespace eida::analysis {

// The weighted sum of members' weights (a tensor that a member lacks is the base's), summed in
// fp64, kept in fp32. Members are loaded one at a time. REQUIRES: equal sizes; coefficients sum
// to 1.
Result<engine::Weights> CombineMembers(engine::Study& study, const std::vector<std::string>& paths,
                                       const std::vector<double>& coefficients);

// What the ensemble of logits would score: mean logits over the members' results on the same items;
// no model runs. DataError when their items differ.
Result<engine::EvalResult> EnsembleLogits(const std::vector<engine::EvalResult>& members);

// The greedy search's kitchen over a study: weights stay in memory for the soup and one member.
class StudyKitchen : public SoupKitchen {
 public:
  // `paths`: the members' weights. `total` candidates are reported as progress. Both references
  // outlive it.
  StudyKitchen(engine::Study& study, std::vector<std::string> paths, int64_t total,
               engine::Events& events);
  Status Begin(int member) override;
  Result<SoupScore> Try(int member, double alpha) override;
  Status Stir(int member, double alpha) override;
  const engine::Weights& soup() const { return soup_; }

 private:
  Status Load(int member);

  engine::Study& study_;
  std::vector<std::string> paths_;
  int64_t done_ = 0, total_ = 0;
  engine::Events& events_;
  engine::Weights soup_, member_;
  int loaded_ = -1;
};

}  // namespace eida::analysis
