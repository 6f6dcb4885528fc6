#include "common/spec/parts.h"
#include "common/spec/sections.h"

namespace eida::spec {
namespace {

// Numbers of at least 1 that ascend.
std::vector<int64_t> ReadAscending(MapReader& reader, const std::string& key,
                                   const std::vector<int64_t>& fallback) {
  std::vector<std::string> texts;
  for (const int64_t number : fallback) texts.push_back(std::to_string(number));
  std::vector<int64_t> numbers;
  for (const std::string& text : reader.Texts(key, texts, "a list of whole numbers that ascend")) {
    const std::optional<int64_t> number = ParseInt(text);
    if (!number || *number < 1 || (!numbers.empty() && *number <= numbers.back())) {
      reader.Error(reader.Get(key), "range",
                   "\"" + reader.PathOf(key) + "\" holds whole numbers from 1 in ascending order");
      return fallback;
    }
    numbers.push_back(*number);
  }
  if (!numbers.empty()) return numbers;
  reader.Error(reader.Get(key), "range", "\"" + reader.PathOf(key) + "\" is empty");
  return fallback;
}

}  // namespace

void ReadObservations(MapReader& sweep, SweepSpec* spec) {
  constexpr int64_t kMost = 1'000'000;
  ForEachNamed(sweep, "observations", [&](MapReader& reader, const std::string& name) {
    ObservationSpec o;
    o.name = name;
    o.of_runs = reader.Has("select");
    if (o.of_runs)
      o.select = ReadSelect(reader, *spec);
    else
      reader.Text("select", "");
    o.split = ReadSplitName(reader, "split", "train", *spec);
    o.seed = reader.Int("seed", 0, 0, INT64_MAX);
    o.settings = {
        {"targets", reader.Texts("targets", {"query", "key", "value", "attn_out", "fc1", "fc2"})},
        {"sizes", ReadAscending(reader, "sizes", {128, 256, 512})},
        {"dims", ReadAscending(reader, "dims", {4, 8, 16, 32, 64})},
        {"repeats", reader.Int("repeats", 5, 1, kMost)},
        {"held_out", reader.Int("held_out", 1024, 1, kMost)},
        {"batch_size", reader.Int("batch_size", 16, 1, kMost)},
        {"tokens_per_sequence", reader.Int("tokens_per_sequence", 2, 1, kMost)},
        {"token_probability", reader.Number("token_probability", 0.0075, 1e-9, 1 - 1e-9)}};
    o.precision = reader.Choice("precision", "fp32", {"fp32", "bf16", "fp16"});
    spec->observations.push_back(std::move(o));
  });
}

Json ToJson(const ObservationSpec& o) {
  Json json = o.settings;
  json.update({{"name", o.name}, {"split", o.split}, {"seed", o.seed}, {"precision", o.precision}});
  if (o.of_runs) json["select"] = o.select;
  return json;
}

}  // namespace eida::spec
