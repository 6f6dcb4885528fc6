#include "worker/analysis/soup_search.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace eida::analysis {

Result<SoupSearch> GreedySearch(const std::vector<SoupScore>& singles,
                                const std::vector<double>& alphas, double min_gain,
                                SoupKitchen& kitchen) {
  SoupSearch search;
  search.order.resize(singles.size());
  std::iota(search.order.begin(), search.order.end(), 0);
  std::stable_sort(search.order.begin(), search.order.end(),
                   [&](int a, int b) { return singles[a].loss < singles[b].loss; });

  const int first = search.order.front();
  EIDA_RETURN_IF_ERROR(kitchen.Begin(first));
  search.coefficients.assign(singles.size(), 0);
  search.coefficients[first] = 1;
  search.score = singles[first];

  for (size_t rank = 1; rank < search.order.size(); ++rank) {
    const int member = search.order[rank];
    std::optional<size_t> best;  // index into the trace
    for (const double alpha : alphas) {
      EIDA_ASSIGN_OR_RETURN(const SoupScore score, kitchen.Try(member, alpha));
      const double bar = best ? search.trace[*best].score.loss : search.score.loss - min_gain;
      search.trace.push_back({member, alpha, score, false});
      if (score.loss < bar) best = search.trace.size() - 1;
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
