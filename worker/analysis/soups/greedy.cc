// Algorithm 1 of the thesis: the soup so far is kept at a fifth to four fifths beside the next
// member.
#include "worker/analysis/soups/soups.h"

namespace eida::analysis {

Result<Dish> Soup_greedy(Pot& pot) {
  return SearchedSoup(pot, [](int) { return std::vector<double>{0.2, 0.4, 0.6, 0.8}; });
}

}  // namespace eida::analysis
