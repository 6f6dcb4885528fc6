#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "worker/engine/job.h"
#include "worker/engine/models/model.h"

namespace eida::engine {

#define EIDA_MODEL(id, head, prefix, roles, help) \
  Result<std::unique_ptr<Model>> Make_##id(const Json&, const ModelOptions&);
#include "common/catalog/models.def"
#undef EIDA_MODEL

namespace {

struct ModelEntry {
  const char* id;
  Result<std::unique_ptr<Model>> (*make)(const Json&, const ModelOptions&);
};
constexpr ModelEntry kModels[] = {
#define EIDA_MODEL(id, head, prefix, roles, help) {#id, Make_##id},
#include "common/catalog/models.def"
#undef EIDA_MODEL
};

}  // namespace

Result<std::unique_ptr<Model>> MakeModel(const Json& config, const ModelOptions& options) {
  const auto type = GetOr<std::string>(config, "model_type", "");
  for (const ModelEntry& entry : kModels) {
    if (type == entry.id) return entry.make(config, options);
  }
  return ConfigError(options.config_path + ": model_type is \"" + type +
                     "\", this version computes: " + Join(catalog::Ids(catalog::Models()), ", "));
}

const at::Tensor& Tensors::Get(const std::string& name) const {
  if (over != nullptr) {
    const auto found = over->find(name);
    if (found != over->end()) return found->second;
  }
  return base->at(name);
}

at::Tensor Tensors::Find(const std::string& name) const {
  for (const auto* map : {over, base}) {
    if (map == nullptr) continue;
    const auto found = map->find(name);
    if (found != map->end()) return found->second;
  }
  return {};
}

}  // namespace eida::engine
