// Ways to make one model of several. Each is a line of common/catalog/soups.def and the file
// <id>.cc of this folder with Soup_<id>.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "worker/analysis/soups/pot.h"

namespace eida::analysis {

using SoupRecipe = Result<Dish> (*)(Pot& pot);

// The recipe of that type; ConfigError listing the known ones.
Result<SoupRecipe> FindSoup(const std::string& type);

// What recipes have in common.

// A search over the members in order; `alphas` as in SearchRules.
Result<Dish> SearchedSoup(Pot& pot, std::function<std::vector<double>(int taken)> alphas);

// The factors that the members have at one map: s B A is B (s A) etc.
struct MapOfMembers {
  catalog::SiteShape site;
  std::vector<size_t> members;   // those that change it
  std::vector<at::Tensor> a, b;  // of each, fp64: [r, in], [out, r]
  std::vector<double> scale;     // of each
};
struct PairOfFactors {
  at::Tensor a, b;  // the soup's update of the map is b a
};
// The soup whose every map is what `combine` makes of the members' factors, and whose other tensors
// (the head) are the members' mean. ConfigError naming a member that has no factors.
Result<Dish> FactoredSoup(
    Pot& pot, const std::function<Result<PairOfFactors>(const MapOfMembers& map)>& combine);

}  // namespace eida::analysis
