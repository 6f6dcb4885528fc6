// PEFT's `linear` with equal weights: A = sum sqrt(w s) A_i, B = sum sqrt(w s) B_i. B A then holds
// every B_i A_j, so n equal members give n times their update.
#include <torch/torch.h>

#include <cmath>

#include "worker/analysis/soups/soups.h"

namespace eida::analysis {

Result<Dish> Soup_peft_linear(Pot& pot) {
  const double w = 1.0 / static_cast<double>(pot.size());
  return FactoredSoup(pot, [&pot, w](const MapOfMembers& map) -> Result<PairOfFactors> {
    PairOfFactors sum;
    for (size_t k = 0; k < map.a.size(); ++k) {
      if (map.a[k].size(0) != map.a[0].size(0)) {
        return engine::ConfigError(
            "a soup of type peft_linear adds factors of equal rank, but at " + map.site.name + " " +
            pot.Label(map.members[0]) + " has rank " + std::to_string(map.a[0].size(0)) + " and " +
            pot.Label(map.members[k]) + " rank " + std::to_string(map.a[k].size(0)) +
            "; peft_cat and peft_svd take any ranks");
      }
      const double root = std::sqrt(w * map.scale[k]);
      const at::Tensor a = map.a[k] * root, b = map.b[k] * root;
      sum.a = sum.a.defined() ? sum.a + a : a;
      sum.b = sum.b.defined() ? sum.b + b : b;
    }
    return sum;
  });
}

}  // namespace eida::analysis
