// Searches over members in order, as Algorithm 1 and model-soups' greedy do, over an abstract
// evaluator: plain numbers, no torch.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida::analysis {

struct SoupScore {
  std::map<std::string, double> metrics;  // by id of metrics.def; a loss at least
  bool whole = true;                      // false: of a path's curve, which has not all of them
};
// A metric of metrics.def in a score, turned so that less is better. REQUIRES: the score has it.
double CostOf(const SoupScore& score, const std::string& metric);

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

struct SearchRules {
  std::string order_by = "loss", metric = "loss";
  double min_gain = 0;
  // The shares of the soup so far that are tried with the next member, inside (0, 1), when `taken`
  // members are in it.
  std::function<std::vector<double>(int taken)> alphas;
};

struct SoupSearch {
  std::vector<int> order;            // members from the best on; equal ones keep their order
  std::vector<SoupTrial> trace;      // in the order of trial
  std::vector<double> coefficients;  // per member; sum 1
  SoupScore score;                   // of the final soup, on the split that was searched
  int accepted = 0;                  // members stirred in after the first
};

// Members by increasing cost, equal ones in their order.
std::vector<int> OrderBy(const std::vector<SoupScore>& singles, const std::string& metric);

// Starts with the first member by `order_by`; for each further one, in order, tries every alpha
// against the same soup and takes the best of them if its cost is below the soup's by more than
// `min_gain` (strict). REQUIRES: singles is not empty and has the metrics.
Result<SoupSearch> SearchInOrder(const std::vector<SoupScore>& singles, const SearchRules& rules,
                                 SoupKitchen& kitchen);

}  // namespace eida::analysis
