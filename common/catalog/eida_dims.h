// How many dimensions EIDA gives the input and the output of each site, from the configuration
// alone: a plan counts what the engine trains.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/catalog/sites.h"

namespace eida::catalog {

// B of a site is [output, input].
struct EidaDims {
  int64_t input = 0, output = 0;
};

// What the maps that read the same numbers share: the name of the input. A query, key and value of
// one attention have one, so have cross_key and cross_value; every other map has its own.
std::string InputOf(const SiteShape& site);

// The dimensions that settings["preset"] or settings["dims"] fix, site by site, and what
// UseOwnDims puts in their place. InvalidArgument naming the site when the preset does not know it,
// or when a dimension is larger than the matrix.
Result<std::vector<EidaDims>> FixedEidaDims(const Json& settings,
                                            const std::vector<SiteShape>& sites);

// What the patterns settings["input_dims"] and ["output_dims"] (NumbersByPattern) say, in place of
// what stands in `dims`. An input's dimension holds for all sites that share it. InvalidArgument as
// FixedEidaDims, and when two entries give one input different dimensions.
Status UseOwnDims(const Json& settings, const std::vector<SiteShape>& sites,
                  std::vector<EidaDims>* dims);

// The choices of `dims: rule`, ascending: {small, large}. Empty when dims are fixed.
std::vector<int64_t> EidaChoices(const Json& settings);

}  // namespace eida::catalog
