// The figures of an observation (SCIENCE 2.2, E-F).
#pragma once

#include <string>

#include "client/select.h"
#include "common/render/plot.h"

namespace eida::client {

// The first number in a module's path: bert.encoder.layer.3.output.dense -> 3; -1 without one.
int LayerOf(const std::string& name);

struct ObservationChoice {
  std::string name;            // of the observation; "" = the first that is finished
  std::string side = "input";  // input or update
  std::string role;            // "" = the mean over all places, by the number of sequences
  int64_t sequences = 0;       // 0 = the middle one of those that were observed
};

// A line for each dimension: the mean over repeats, with a band of one standard deviation, of the
// cosine between held-out tokens and their projection. Of one role by layer, else by sequences.
// NotFound saying what there is.
Result<render::LinePlot> ObservationPlot(Api& api, const SweepData& data,
                                         const ObservationChoice& choice);

}  // namespace eida::client
