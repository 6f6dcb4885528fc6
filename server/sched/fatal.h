// The end of a process whose state contradicts itself: it says why and aborts; the restart recovers
// from the store.
#pragma once

#include <string>

namespace eida::sched {

[[noreturn]] void Fatal(const std::string& message);

// The value of a lookup that cannot miss; `what` names the thing if it does.
template <class Map, class Key>
auto& Must(Map& map, const Key& key, const char* what) {
  const auto it = map.find(key);
  if (it == map.end())
    Fatal(std::string("scheduler: ") + what + " is not known, but something refers to it");
  return it->second;
}

}  // namespace eida::sched
