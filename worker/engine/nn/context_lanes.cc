// The part of Context that knows of several runs in one pass.
#include <torch/torch.h>

#include <algorithm>

#include "worker/engine/nn/context.h"
#include "worker/engine/nn/low_rank.h"
#include "worker/engine/nn/rows_linear.h"

namespace eida::engine {
namespace {

// A lane's tensor of that name, or the base's.
at::Tensor Own(const Lane& lane, const std::string& name, const at::Tensor& base) {
  const auto found = lane.over->find(name);
  return found == lane.over->end() ? base : found->second;
}

bool HasOwn(const Lane& lane, const Site& site) {
  return lane.over->count(site.name + ".weight") != 0 || lane.over->count(site.name + ".bias") != 0;
}

}  // namespace

void Context::SetLanes(std::vector<Lane> lanes, std::shared_ptr<const LaneRows> rows) {
  lanes_ = std::move(lanes);
  lane_rows_ = std::move(rows);
}

at::Tensor Context::ProductOfLanes(const Site& site, const at::Tensor& x) {
  const auto own = [&](const Lane& lane) { return HasOwn(lane, site); };
  if (std::none_of(lanes_.begin(), lanes_.end(), own)) return Product(site, x);
  const LaneRows::Ends& ends = lane_rows_->EndsOf(x.size(0));
  std::vector<nn::RowsMap> maps;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    Context& lane = *lanes_[i].context;
    const at::Tensor weight = lane.Cast(Own(lanes_[i], site.name + ".weight", site.weight)),
                     bias = Own(lanes_[i], site.name + ".bias", site.bias);
    maps.push_back({site.transposed ? weight.t() : weight,
                    bias.defined() ? lane.Cast(bias) : at::Tensor(), ends[i]});
  }
  return nn::LinearByRows(x, maps);
}

void Context::PatchLanes(const Site& site, const at::Tensor& x, at::Tensor* y) {
  // The k-th patches of all lanes share no row.
  for (size_t k = 0, most = 1; k < most; ++k) {
    std::vector<nn::LowRankTerm> terms;
    std::vector<DropoutKey> keys(lanes_.size());
    int64_t first = 0;
    for (size_t i = 0; i < lanes_.size(); ++i) {
      const Lane& lane = lanes_[i];
      const int64_t end = lane_rows_->EndsOf(x.size(0))[i], begin = first;
      first = end;
      if (lane.context->patches_ == nullptr) continue;
      const auto found = lane.context->patches_->find(site.name);
      if (found == lane.context->patches_->end() || k >= found->second.size()) continue;
      most = std::max(most, found->second.size());
      const LowRankPatch* patch = found->second[k]->low_rank();
      TORCH_CHECK(patch != nullptr, "a lane's patch of ", site.name, " is not of low rank");
      keys[i] = lane.context->NextKey(patch->dropout());
      terms.push_back(patch->Term(*lane.context, begin, end - begin));
    }
    if (!terms.empty()) *y = nn::AddLowRank(*y, x, {std::move(keys), lane_rows_}, terms);
  }
}

}  // namespace eida::engine
