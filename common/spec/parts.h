// What several sections of a sweep file have in common. Internal to the room.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/catalog/catalog.h"
#include "common/spec/reader.h"
#include "common/spec/sweep_spec.h"

namespace eida::spec {

// One setting of an entry of the catalog, by the type that it has there.
Json ReadParameter(MapReader& reader, const catalog::Parameter& parameter);
// The metrics of its items that the task gives.
std::vector<std::string> MetricsOf(const DataSpec& data);
// precision, batch_size (eval's by default), batching.
Json ReadNumerics(MapReader& reader, const Json& eval);
// A selection of runs that selects some.
std::string ReadSelect(MapReader& reader, const SweepSpec& spec, const std::string& key = "select");
void CheckSplit(MapReader& reader, const std::string& key, const std::string& split,
                const DataSpec& data);
// Required where there is no fallback.
std::string ReadSplitName(MapReader& reader, const std::string& key, const std::string& fallback,
                          const SweepSpec& spec);

// Calls `read` for each map of a list section; names must be unique.
template <class F>
void ForEachNamed(MapReader& sweep, const std::string& key, F&& read) {
  const Tree* list = sweep.Get(key, false, "a list of maps");
  if (list == nullptr || list->kind == Tree::Kind::kNull) return;
  if (list->kind != Tree::Kind::kList)
    return sweep.Error(list, "type",
                       "\"" + key + "\" must be a list, not " + std::string(KindName(list->kind)));
  std::map<std::string, Place> seen;
  for (size_t i = 0; i < list->items.size(); ++i) {
    MapReader reader(sweep.context(), &list->items[i], key + "[" + std::to_string(i) + "]");
    if (reader.tree() == nullptr) continue;
    const std::string name = reader.Text("name", "", true);
    const Place at = list->items[i].place;
    const auto [first, fresh] = seen.emplace(name, at);
    if (!fresh)
      reader.Error(reader.tree()->Find("name"), "duplicate-name",
                   "duplicate name \"" + name + "\" in \"" + key + "\" (first at " +
                       std::to_string(first->second.line) + ":" +
                       std::to_string(first->second.column) + ")");
    read(reader, name);
    reader.Finish();
  }
}

}  // namespace eida::spec
