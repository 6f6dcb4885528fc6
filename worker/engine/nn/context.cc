#include "worker/engine/nn/context.h"

#include <torch/torch.h>

#include <algorithm>

#include "common/base/rng.h"
#include "worker/engine/nn/functional.h"
#include "worker/engine/nn/product.h"

namespace eida::engine {

at::Tensor CastCache::Get(const at::Tensor& weight, at::ScalarType type) {
  Entry& entry = entries_[weight.unsafeGetTensorImpl()];
  if (!entry.cast.defined() || entry.cast.scalar_type() != type)
    entry = {weight, weight.detach().to(type)};
  return entry.cast;
}

at::Tensor Context::Linear(const Site& site, const at::Tensor& x) {
  at::Tensor y = lanes_.empty() ? Product(site, x) : ProductOfLanes(site, x);
  lanes_.empty() ? Patch(site, x, &y) : PatchLanes(site, x, &y);
  if (quiet_) return y;
  for (const Observer& observer : observers_) observer(site, x, y);
  return y;
}

at::Tensor Context::Product(const Site& site, const at::Tensor& x) {
  const at::Tensor weight = Cast(site.weight);
  return nn::Linear(x, site.transposed ? weight.t() : weight,
                    site.bias.defined() ? Cast(site.bias) : at::Tensor());
}

void Context::Patch(const Site& site, const at::Tensor& x, at::Tensor* y) {
  if (patches_ == nullptr) return;
  const auto found = patches_->find(site.name);
  if (found == patches_->end()) return;
  for (const auto& patch : found->second) *y = patch->Apply(*this, site, x, std::move(*y));
}

at::Tensor Context::Cast(const at::Tensor& weight) {
  if (weight.scalar_type() == compute_) return weight;
  if (weight.requires_grad()) return weight.to(compute_);
  const bool frozen = frozen_cache_ != nullptr && frozen_.count(weight.unsafeGetTensorImpl()) != 0;
  return (frozen ? *frozen_cache_ : own_cache_).Get(weight, compute_);
}

DropoutKeys Context::NextDropout(double p) {
  if (!lanes_.empty()) {
    std::vector<DropoutKey> keys;
    for (const Lane& lane : lanes_) keys.push_back(lane.context->NextKey(lane.dropout.value_or(p)));
    return {std::move(keys), lane_rows_};
  }
  return {NextKey(p), part_};
}

DropoutKey Context::NextKey(double p) {
  const uint64_t site = ++sites_seen_;
  if (!dropout_ || p <= 0) return {};
  return nn::MakeDropout(p, Rng::Mix(stream_ + site * 0x9e3779b97f4a7c15ULL));
}

Context::Places Context::dropout_places() const {
  Places places = {sites_seen_};
  for (const Lane& lane : lanes_) places.push_back(lane.context->sites_seen_);
  return places;
}

void Context::SetPlaces(const Places& places) {
  sites_seen_ = places.front();
  for (size_t i = 0; i < lanes_.size(); ++i) lanes_[i].context->sites_seen_ = places[i + 1];
}

Context::Replay::Replay(Context& context, const Places& places)
    : context_(context), places_(context.dropout_places()), quiet_(context.quiet_) {
  context_.SetPlaces(places);
  context_.quiet_ = true;
}

Context::Replay::~Replay() {
  context_.SetPlaces(places_);
  context_.quiet_ = quiet_;
}

void Context::SetFrozen(const std::map<std::string, at::Tensor>* frozen, CastCache* cache) {
  frozen_.clear();
  for (const auto& [name, tensor] : *frozen) frozen_[tensor.unsafeGetTensorImpl()] = true;
  frozen_cache_ = cache;
}

void Context::Probe(std::vector<std::string> layers, LayerProbe probe) {
  wanted_ = std::move(layers);
  probe_ = std::move(probe);
}

bool Context::Reached(const std::string& layer, const at::Tensor& output) {
  if (!probe_) return true;
  const auto found = std::find(wanted_.begin(), wanted_.end(), layer);
  if (found == wanted_.end()) return true;
  wanted_.erase(found);
  probe_(layer, output);
  return !wanted_.empty();
}

}  // namespace eida::engine
