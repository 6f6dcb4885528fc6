// PEFT's `svd` with equal weights: the first singular vectors of the mean update sum w s B_i A_i, A
// the right ones, B the left ones times the singular values. The scale counts once, as PEFT has it
// since it no longer multiplies the weights by it too; older versions give s times this update.
#include <torch/torch.h>

#include <algorithm>

#include "worker/analysis/soups/soups.h"

namespace eida::analysis {

Result<Dish> Soup_peft_svd(Pot& pot) {
  const double w = 1.0 / static_cast<double>(pot.size());
  const auto asked = GetOr<int64_t>(pot.options, "rank", 0);
  if (asked < 0) return engine::ConfigError("options: rank is below 1");
  return FactoredSoup(pot, [w, asked](const MapOfMembers& map) -> Result<PairOfFactors> {
    int64_t rank = asked;
    at::Tensor update = torch::zeros({map.site.out, map.site.in}, map.a[0].options());
    for (size_t k = 0; k < map.a.size(); ++k) {
      update.addmm_(map.b[k], map.a[k], 1.0, w * map.scale[k]);
      if (asked == 0) rank = std::max(rank, map.a[k].size(0));
    }
    const int64_t most = std::min(map.site.in, map.site.out);
    if (asked > most) {
      return engine::ConfigError("options: rank is " + std::to_string(asked) + ", but " +
                                 map.site.name + " maps " + std::to_string(map.site.in) + " to " +
                                 std::to_string(map.site.out) + " numbers: its rank is at most " +
                                 std::to_string(most));
    }
    rank = std::min(rank, most);
    const auto [u, s, v] = torch::linalg_svd(update, false);
    return PairOfFactors{v.narrow(0, 0, rank), u.narrow(1, 0, rank) * s.narrow(0, 0, rank)};
  });
}

}  // namespace eida::analysis
