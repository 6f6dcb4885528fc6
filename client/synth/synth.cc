#include "client/synth/synth.h"

#include <algorithm>

#include "common/base/text.h"

namespace eida::synth {

#define EIDA_SYNTH(id, settings, help) Result<std::vector<Split>> Make_##id(const Request& request);
#include "client/synth/kinds.def"
#undef EIDA_SYNTH

namespace {

std::vector<std::string> Lines(const char* settings) {
  std::vector<std::string> lines;
  for (const std::string& line : eida::Split(settings, ';')) lines.emplace_back(Trim(line));
  return lines;
}

}  // namespace

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kinds = {
#define EIDA_SYNTH(id, settings, help) {#id, Lines(settings), help, Make_##id},
#include "client/synth/kinds.def"
#undef EIDA_SYNTH
  };
  return kinds;
}

std::vector<std::string> KindIds() {
  std::vector<std::string> ids;
  for (const Kind& kind : Kinds()) ids.push_back(kind.id);
  return ids;
}

Result<const Kind*> FindKind(const std::string& id) {
  const auto found = std::ranges::find(Kinds(), id, &Kind::id);
  if (found != Kinds().end()) return &*found;
  return InvalidArgument("no data of kind \"" + id + "\" is made here" + Meant(id, KindIds()) +
                         " Kinds: " + Join(KindIds(), ", "));
}

}  // namespace eida::synth
