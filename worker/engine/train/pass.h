// One forward and backward pass over a micro-batch of a run, or of several that share it.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/engine/train/run.h"

namespace eida::engine {

// The most tokens that several runs bring into one pass; a larger micro-batch has a pass of its
// own. 4,096 bound the memory. On a CPU there are fewer where the model is wide: the products of
// about 200,000 numbers a tensor are as fast as larger ones, and larger tensors leave the caches
// (tests/bench/pack_bench.cc).
int64_t SharedTokens(const Base& base);

// Whether the two can share passes: the same frozen base, items and numerics, and nothing trains
// but additions to linear maps and whole linear maps.
bool CanShare(const Run& a, const Run& b);

// Micro-batch i of each run, which has one: the gradients are added to the run's own. A status for
// each run; one that is not OK leaves the others as they would be without it. What libtorch throws
// fails all that were in that pass.
// REQUIRES: all can share with one another.
std::vector<Status> PassesOf(const std::vector<Run*>& runs, int64_t i);

}  // namespace eida::engine
