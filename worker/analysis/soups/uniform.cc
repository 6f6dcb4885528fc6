// The mean of the members' weights.
#include "worker/analysis/soups/soups.h"

namespace eida::analysis {

Result<Dish> Soup_uniform(Pot& pot) {
  Dish dish;
  dish.coefficients = pot.Uniform();
  EIDA_ASSIGN_OR_RETURN(dish.weights, CombineMembers(*pot.study, pot.weights, dish.coefficients));
  return dish;
}

}  // namespace eida::analysis
