// Texts out of forms: "How [can|do] I get to {place}?".
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/rng.h"

namespace eida::synth {

template <class List>
const auto& Pick(const List& list, Rng& rng) {
  return list[rng.Below(std::size(list))];
}
// True with this probability.
inline bool Chance(double probability, Rng& rng) { return rng.Unit() < probability; }

using Slots = std::map<std::string, std::string>;
// [a|b|] becomes one of its parts, {name} the slot's text; a part may hold slots, not brackets.
// What fills a slot is not looked at again. REQUIRES: every slot is given.
std::string Expand(std::string_view form, const Slots& slots, Rng& rng);

}  // namespace eida::synth
