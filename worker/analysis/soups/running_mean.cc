// The greedy soup of model-soups: the mean of what was taken, with the next member in it. There the
// metric is held-out accuracy; here it is any.
#include "worker/analysis/soups/soups.h"

namespace eida::analysis {

Result<Dish> Soup_running_mean(Pot& pot) {
  return SearchedSoup(pot, [](int taken) { return std::vector<double>{taken / (taken + 1.0)}; });
}

}  // namespace eida::analysis
