#include <torch/torch.h>

#include "worker/analysis/soups/soups.h"

namespace eida::analysis {

Result<Dish> FactoredSoup(
    Pot& pot, const std::function<Result<PairOfFactors>(const MapOfMembers& map)>& combine) {
  const torch::NoGradGuard no_grad;
  Dish dish;
  dish.coefficients = pot.Uniform();
  std::vector<MapOfMembers> maps;         // in the order in which they are met
  std::map<std::string, size_t> by_name;  // site -> place in `maps`
  WeightedSum whole;
  for (size_t i = 0; i < pot.size(); ++i) {
    if (pot.events->StopRequested()) return engine::Preempted();
    auto factors = pot.study->LoadFactors(pot.weights[i]);
    if (!factors.ok()) return Annotate(factors.status(), "member " + pot.Label(i));
    whole.Add(factors->whole, dish.coefficients[i]);
    for (const engine::LowRankMap& own : factors->maps) {
      const auto [place, fresh] = by_name.emplace(own.site.name, maps.size());
      if (fresh) maps.push_back({own.site, {}, {}, {}, {}});
      MapOfMembers& map = maps[place->second];
      map.members.push_back(i);
      map.a.push_back(own.a.to(torch::kDouble));
      map.b.push_back(own.b.to(torch::kDouble));
      map.scale.push_back(own.scale);
    }
  }
  engine::LowRank update;
  EIDA_ASSIGN_OR_RETURN(update.whole, whole.Take(*pot.study));
  for (const MapOfMembers& map : maps) {
    EIDA_ASSIGN_OR_RETURN(const PairOfFactors made, combine(map));
    update.maps.push_back({map.site, made.a.to(torch::kFloat), made.b.to(torch::kFloat), 1.0});
  }
  EIDA_ASSIGN_OR_RETURN(dish.weights, pot.study->Merge(update));
  return dish;
}

}  // namespace eida::analysis
