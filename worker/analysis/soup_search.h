// The greedy soup of Algorithm 1, over an abstract evaluator: plain numbers, no torch.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida::analysis {

struct SoupScore {
  double loss = 0;
  double accuracy = 0;
  double f1 = 0;
  bool classified = true;  // else there is a loss only
};

// What the search asks of the world. It holds the soup made so far.
class SoupKitchen {
 public:
  virtual ~SoupKitchen() = default;
  // The soup is this member alone. Called once, first.
  virtual Status Begin(int member) = 0;
  // Scores alpha * soup + (1 - alpha) * member, leaving the soup as it is.
  virtual Result<SoupScore> Try(int member, double alpha) = 0;
  // The soup becomes alpha * soup + (1 - alpha) * member, a pair that was just tried.
  virtual Status Stir(int member, double alpha) = 0;
};

// One candidate that was tried. `accepted`: the soup became it.
struct SoupTrial {
  int member = 0;
  double alpha = 0;
  SoupScore score;
  bool accepted = false;
};

struct SoupSearch {
  std::vector<int> order;            // members by increasing loss; equal losses keep their order
  std::vector<SoupTrial> trace;      // in the order of trial
  std::vector<double> coefficients;  // per member; sum 1
  SoupScore score;                   // of the final soup, on the split that was searched
  int accepted = 0;                  // members stirred in after the first
};

// Starts with the best member; for each further one, in order, tries every alpha against the same
// soup and takes the best of them if its loss is below the soup's by more than `min_gain` (strict,
// so 0 is Algorithm 1). REQUIRES: singles is not empty, alphas inside (0, 1).
Result<SoupSearch> GreedySearch(const std::vector<SoupScore>& singles,
                                const std::vector<double>& alphas, double min_gain,
                                SoupKitchen& kitchen);

}  // namespace eida::analysis
