// How well a low-dimensional subspace holds what a model's linear maps see, and how a gradient
// would move what they give (SCIENCE 2.2, E-F): the EIDA document's figures.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "worker/engine/adapters/observe.h"

namespace eida::engine::observe {

struct ObservationSettings {
  std::vector<std::string> targets;      // roles or modules' names
  std::vector<int64_t> sizes;            // sequences that a basis is made of, ascending
  std::vector<int64_t> dims;             // of the subspaces, ascending
  int64_t repeats = 5, held_out = 1024;  // sequences that the cosines are taken on
  int64_t batch_size = 16;
  uint64_t seed = 0;
  Draw draw;
};

// One input (which maps may share) or one map's update direction.
struct Observed {
  std::string name, role;
  bool update = false;
  // Of each size, by repeat: the tokens that the basis was made of, and for each dim the mean over
  // the held-out tokens of |P x| / |x|, P the projection on the subspace.
  struct Size {
    std::vector<int64_t> tokens;
    std::vector<std::vector<double>> cosine;
  };
  std::vector<Size> sizes;
};

// The items that a repeat looked at, positions in the training data; a size's own are the first of
// `sample`.
struct Looked {
  std::vector<int64_t> held_out, sample;
};
struct Observation {
  std::vector<Observed> places;  // inputs, then updates, in the model's order
  std::vector<Looked> repeats;
};

// In each repeat a fresh order of the training items gives `held_out` ones and, behind them, the
// ones that the bases are made of; those of a smaller size are the first of a larger one's. Bases
// are nested: one is solved for the largest dim.
// `between` is called after each repeat, and stops the work with Preempted() by returning false.
// ConfigError where the split has too few items, or a sample spans too few dimensions (the map is
// named).
Result<Observation> Observe(const Base& base, const Weights& over, const TrainingData& data,
                            const ObservationSettings& settings,
                            const std::function<bool(int64_t repeats_done)>& between);

}  // namespace eida::engine::observe
