#include "worker/analysis/soups/search.h"

#include <algorithm>
#include <numeric>

#include "common/catalog/catalog.h"

namespace eida::analysis {

double CostOf(const SoupScore& score, const std::string& metric) {
  const double value = score.metrics.at(metric);
  const catalog::Metric* known = catalog::Find(catalog::Metrics(), metric);
  return known != nullptr && known->maximize ? -value : value;
}

std::vector<int> OrderBy(const std::vector<SoupScore>& singles, const std::string& metric) {
  std::vector<int> order(singles.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return CostOf(singles[a], metric) < CostOf(singles[b], metric);
  });
  return order;
}

Result<SoupSearch> SearchInOrder(const std::vector<SoupScore>& singles, const SearchRules& rules,
                                 SoupKitchen& kitchen) {
  SoupSearch search;
  search.order = OrderBy(singles, rules.order_by);
  const int first = search.order.front();
  EIDA_RETURN_IF_ERROR(kitchen.Begin(first));
  search.coefficients.assign(singles.size(), 0);
  search.coefficients[first] = 1;
  search.score = singles[first];

  for (size_t rank = 1; rank < search.order.size(); ++rank) {
    const int member = search.order[rank];
    std::optional<size_t> best;  // index into the trace
    double bar = CostOf(search.score, rules.metric) - rules.min_gain;
    for (const double alpha : rules.alphas(1 + search.accepted)) {
      EIDA_ASSIGN_OR_RETURN(const SoupScore score, kitchen.Try(member, alpha));
      search.trace.push_back({member, alpha, score, false});
      const double cost = CostOf(score, rules.metric);
      if (cost < bar) best = search.trace.size() - 1, bar = cost;
    }
    if (!best) continue;
    SoupTrial& taken = search.trace[*best];
    EIDA_RETURN_IF_ERROR(kitchen.Stir(member, taken.alpha));
    taken.accepted = true;
    for (double& coefficient : search.coefficients) coefficient *= taken.alpha;
    search.coefficients[member] += 1 - taken.alpha;
    search.score = taken.score;
    ++search.accepted;
  }
  return search;
}

}  // namespace eida::analysis
