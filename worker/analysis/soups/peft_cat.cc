// PEFT's `cat` with equal weights: A = [w s A_1; ..], B = [B_1, ..], so B A is the mean of the
// members' updates, of the rank of all together. The same model as the uniform soup.
#include <torch/torch.h>

#include "worker/analysis/soups/soups.h"

namespace eida::analysis {

Result<Dish> Soup_peft_cat(Pot& pot) {
  const double w = 1.0 / static_cast<double>(pot.size());
  return FactoredSoup(pot, [w](const MapOfMembers& map) -> Result<PairOfFactors> {
    std::vector<at::Tensor> a;
    for (size_t k = 0; k < map.a.size(); ++k) a.push_back(map.a[k] * (w * map.scale[k]));
    return PairOfFactors{torch::cat(a, 0), torch::cat(map.b, 1)};
  });
}

}  // namespace eida::analysis
