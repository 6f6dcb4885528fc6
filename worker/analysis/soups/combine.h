// Weighted sums of members, and the ensemble that they are compared with.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "worker/engine/study.h"

namespace eida::analysis {

// The weighted sum of tensors by name; what one of them lacks is the base's. Summed in fp64, kept
// in fp32.
class WeightedSum {
 public:
  void Add(const engine::Weights& weights, double coefficient);
  Result<engine::Weights> Take(engine::Study& study) const;

 private:
  std::map<std::string, at::Tensor> sums_;
  std::map<std::string, double> present_;  // the coefficients of those that have the tensor
  double total_ = 0;
};

// The weighted sum of members' weights. Members are loaded one at a time. REQUIRES: equal sizes;
// coefficients sum to 1.
Result<engine::Weights> CombineMembers(engine::Study& study, const std::vector<std::string>& paths,
                                       const std::vector<double>& coefficients);

// What the ensemble of logits would score: mean logits over the members' results on the same items;
// no model runs. DataError when their items differ.
Result<engine::EvalResult> EnsembleLogits(const std::vector<engine::EvalResult>& members);

}  // namespace eida::analysis
