#include "worker/analysis/soups/kitchen.h"
#include "worker/analysis/soups/soups.h"

namespace eida::analysis {

Result<Dish> SearchedSoup(Pot& pot, std::function<std::vector<double>(int taken)> alphas) {
  SearchRules rules{pot.order_by, pot.metric, GetOr<double>(pot.options, "min_gain", 0),
                    std::move(alphas)};
  if (!(rules.min_gain >= 0))
    return engine::ConfigError("options: min_gain is " + pot.options["min_gain"].dump() +
                               ", it must not be negative");
  const auto each = static_cast<int64_t>(rules.alphas(1).size());
  StudyKitchen kitchen(pot, each * static_cast<int64_t>(pot.size() - 1));
  EIDA_ASSIGN_OR_RETURN(SoupSearch search, SearchInOrder(pot.singles, rules, kitchen));
  Dish dish;
  dish.weights = kitchen.soup();
  dish.coefficients = std::move(search.coefficients);
  if (search.accepted == 0) dish.alone = search.order.front();
  dish.score = search.score;
  dish.trace = std::move(search.trace);
  dish.accepted = search.accepted;
  return dish;
}

}  // namespace eida::analysis
