// The linear maps of a model, by name, role and shape: what adapters target, what is counted and
// what PEFT files name. Torch-free, so that a plan counts what the engine trains.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/base/status.h"
#include "common/catalog/catalog.h"

namespace eida::catalog {

// A linear map that maps `in` to `out` numbers: a whole module, or a range of a fused module's
// outputs (GPT-2 keeps query, key and value in one c_attn).
struct SiteShape {
  std::string name;  // the module's path; of a part, the path and its role: "h.0.attn.c_attn.query"
  std::string module;  // Hugging Face module path: <module>.weight and <module>.bias hold it
  std::string role;    // models.def
  int64_t out = 0, in = 0;
  int64_t begin = 0;        // where its outputs begin among the module's
  bool transposed = false;  // the weight is stored [in, out]
  bool in_head = false;     // of the new head, which a checkpoint may lack
  bool whole() const { return name == module; }
  std::string weight() const { return module + ".weight"; }
  std::string bias() const { return module + ".bias"; }
};

// The module's path without the model's prefix.
std::string WithoutPrefix(const Model& model, const std::string& module);

// The sites of a module whose weight is stored as [rows, columns]: the whole one first, then its
// parts. Empty when the module has no role. Names keep `module` as it is given.
std::vector<SiteShape> SitesOf(const Model& model, const std::string& module, int64_t rows,
                               int64_t columns);

// Does `target` (a role, a module path, the end of one, or a pattern with *) mean this site?
bool IsTarget(const std::string& target, const SiteShape& site);

// The sites that `targets` mean, in the order of `sites`. InvalidArgument naming the roles (and the
// nearest of them) when a target means none, or when two targets mean the same outputs.
Result<std::vector<SiteShape>> TargetSites(const std::vector<SiteShape>& sites,
                                           const std::vector<std::string>& targets);

// settings[key] is a pattern, [[target, positive number], ..] in file order: the number that it has
// for each of `sites`, where it has one; the first entry that means a site holds. InvalidArgument
// when an entry means none of them, or none that an earlier one leaves.
Result<std::vector<std::optional<double>>> NumbersByPattern(const std::vector<SiteShape>& sites,
                                                            const Json& settings, const char* key);

}  // namespace eida::catalog
