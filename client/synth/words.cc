#include "client/synth/words.h"

#include "common/base/text.h"

namespace eida::synth {

std::string Expand(std::string_view form, const Slots& slots, Rng& rng) {
  std::string text;
  for (size_t at = 0; at < form.size();) {
    const char open = form[at];
    if (open != '[' && open != '{') {
      text += open;
      ++at;
      continue;
    }
    const size_t close = form.find(open == '[' ? ']' : '}', at);
    const std::string_view inside = form.substr(at + 1, close - at - 1);
    text += open == '[' ? Expand(Pick(Split(inside, '|'), rng), slots, rng)
                        : slots.at(std::string(inside));
    at = close + 1;
  }
  return text;
}

}  // namespace eida::synth
