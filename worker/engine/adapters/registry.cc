#include <torch/torch.h>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/engine/adapters/adapter.h"

namespace eida::engine {

#define EIDA_ADAPTER(id, name, parameters, help) \
  Result<std::unique_ptr<Adapter>> MakeAdapter_##id(const Json&);
#include "common/catalog/adapters.def"
#undef EIDA_ADAPTER

namespace {

struct AdapterEntry {
  const char* id;
  Result<std::unique_ptr<Adapter>> (*make)(const Json&);
};
constexpr AdapterEntry kAdapters[] = {
#define EIDA_ADAPTER(id, name, parameters, help) {#id, MakeAdapter_##id},
#include "common/catalog/adapters.def"
#undef EIDA_ADAPTER
};

}  // namespace

Result<std::unique_ptr<Adapter>> MakeAdapter(const Json& settings) {
  const auto type = GetOr<std::string>(settings, "type", "none");
  for (const AdapterEntry& entry : kAdapters) {
    if (type == entry.id) return entry.make(settings);
  }
  return ConfigError("adapter.type is \"" + type +
                     "\", this version has: " + Join(catalog::Ids(catalog::Adapters()), ", "));
}

Result<LowRank> Adapter::AsLowRank(const Base&, const Weights&) const {
  return ConfigError("adapter " + GetOr<std::string>(settings(), "type", "none") +
                     " changes the model by no low-rank factors, so PEFT has no LoRA for it");
}

bool IsTiedTable(const Base& base, const std::string& parameter) {
  const auto found = base.weights.find(parameter);
  if (!base.model->generates() || found == base.weights.end() ||
      parameter.rfind("lm_head.", 0) == 0)
    return false;
  return base.model->Output({nullptr, &base.weights}).weight.is_same(found->second);
}

at::Tensor WeightOf(const at::Tensor& stored, const SiteShape& site) {
  const at::Tensor whole = site.transposed ? stored.t() : stored;
  return site.whole() ? whole : whole.narrow(0, site.begin, site.out);
}

at::Tensor BiasOf(const at::Tensor& stored, const SiteShape& site) {
  return site.whole() ? stored : stored.narrow(0, site.begin, site.out);
}

Result<Weights> HeadAtStart(const Base& base, uint64_t seed) {
  Weights head;
  const Weights fresh = base.Fresh(seed);
  for (const Parameter& p : base.model->parameters()) {
    const auto found = fresh.find(p.name);
    if (!base.model->IsHead(p.name)) {
      if (found == fresh.end()) continue;
      return ConfigError("the base model lacks " + p.name +
                         ", which the run of an adapter would leave at random values; use adapter "
                         "none, or a checkpoint that has it");
    }
    head[p.name] = found == fresh.end() ? base.weights.at(p.name).clone() : found->second;
  }
  return head;
}

}  // namespace eida::engine
