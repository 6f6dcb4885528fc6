// How the ranks of a gang find one another.
#pragma once

#include <torch/csrc/distributed/c10d/FileStore.hpp>

#include "worker/engine/collective/gang.h"

namespace eida::engine {

// The loader's and the network's slowest start; ranks are started together.
inline constexpr std::chrono::minutes kJoinTimeout{5};

inline c10::intrusive_ptr<c10d::Store> OpenStore(const GangPlace& place) {
  auto store = c10::make_intrusive<c10d::FileStore>(place.store, place.size);
  store->setTimeout(kJoinTimeout);
  return store;
}

inline std::string NameOf(const GangPlace& place) {
  return "rank " + std::to_string(place.rank) + " of " + std::to_string(place.size);
}

}  // namespace eida::engine
