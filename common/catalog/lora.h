// What the settings of a LoRA adapter mean on a model: rank and scale of every map, and which
// parameters train whole beside the factors. Torch-free, so that a plan counts what the engine
// trains.
#pragma once

#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/catalog/sites.h"

namespace eida::catalog {

// A map with factors: W x + scale B A x, A [r, in], B [out, r].
struct LoraSite {
  SiteShape site;
  int64_t r = 0;
  double scale = 1;
};

// A parameter by its Hugging Face name; in_head: of the new head.
struct ParameterName {
  std::string name;
  bool in_head = false;
};

// The maps with factors, in the order of `sites`: those that `targets` mean and no entry of
// `modules_to_save` holds. `r` and `alpha` are theirs unless an entry of `rank_pattern` or
// `alpha_pattern` ([[target, number], ..], the first that means the map holds) says otherwise.
// scale = alpha / r, with `use_rslora` alpha / sqrt r; or `scale`, which is that of every map
// whatever its rank. InvalidArgument when a target or an entry means nothing, or nothing that an
// earlier entry leaves, or when no map is left.
Result<std::vector<LoraSite>> LoraSites(const std::vector<SiteShape>& sites, const Json& settings);

// InvalidArgument naming the first map that is too small for its rank, and its shape.
Status CheckRanks(const std::vector<LoraSite>& maps);

// Does `end` (a module's path or the end of one) mean the module of this parameter, or one around
// it?
bool InModule(const std::string& end, const std::string& parameter);

// The parameters that train whole, in the order given: the head's unless `train_head` is false;
// what `modules_to_save` holds; by `bias: all` every other bias, by `bias: lora_only` those of the
// modules of `maps`. InvalidArgument when an entry of `modules_to_save` names no module, or the
// head of which `train_head` says that it does not train.
Result<std::vector<ParameterName>> WholeParameters(const std::vector<ParameterName>& parameters,
                                                   const Json& settings,
                                                   const std::vector<LoraSite>& maps);

}  // namespace eida::catalog
