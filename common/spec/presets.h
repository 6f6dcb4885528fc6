// One sweep file in several sizes. `presets:` maps names to parts of a sweep file; the one that is
// asked for is laid over the file before it is read: maps key by key, all else in place of what was
// there, null takes a key away. `preset:` names the one that holds where none is asked for. A sweep
// of a preset that has no `name` of its own is called <name>-<preset>.
#pragma once

#include <string>
#include <vector>

#include "common/spec/yaml_tree.h"

namespace eida::spec {

// "preset=NAME", what --preset NAME is among a sweep's overrides: it holds before all others.
std::string PresetOverride(const std::string& preset);

struct Presets {
  std::string chosen;              // "" = the file as it is
  std::vector<std::string> names;  // that the file has, in its order
};

// Takes `preset` and `presets` out of the file and lays the chosen one over the rest; then
// `overrides`. Unknown names and presets that are no maps are reported.
Presets ApplyPreset(const std::vector<std::string>& overrides, Tree* file,
                    std::vector<Diagnostic>* diagnostics);

}  // namespace eida::spec
