#include <algorithm>

#include "common/catalog/catalog.h"
#include "common/spec/parts.h"
#include "common/spec/sections.h"

namespace eida::spec {
namespace {

// true, false or never.
Json ReadEarlyStopping(MapReader& reader) {
  const std::string text = reader.Choice("early_stopping", "false", {"true", "false", "never"});
  return text == "never" ? Json(text) : Json(text == "true");
}

// The id in place of one, or a map of it and its options.
Json ReadMetric(MapReader reader) {
  const std::vector<std::string> ids = catalog::Ids(catalog::GenerationMetrics());
  const std::string id = reader.Choice("metric", ids.front(), ids, true);
  Json metric = {{"metric", id}};
  for (const catalog::Parameter& p : catalog::Find(catalog::GenerationMetrics(), id)->parameters) {
    Json value = ReadParameter(reader, p);
    if (reader.Has(p.name)) metric[p.name] = std::move(value);
  }
  reader.Finish();
  return metric;
}

// What the texts are scored by: [{"metric", its options}, ..]; those of the task by default.
Json ReadMetrics(MapReader& reader, const catalog::Task& task) {
  Json metrics = Json::array();
  const Tree* list = reader.Get("metrics", false, "a list of names or maps");
  if (list == nullptr) {
    for (const std::string& id : task.text_metrics) metrics.push_back({{"metric", id}});
    return metrics;
  }
  if (list->kind != Tree::Kind::kList) {
    reader.Error(list, "type", "\"" + reader.PathOf("metrics") + "\" must be a list of metrics");
    return metrics;
  }
  std::map<std::string, bool> seen;
  for (size_t i = 0; i < list->items.size(); ++i) {
    const Tree& item = list->items[i];
    Tree map = item;
    if (item.kind == Tree::Kind::kScalar) {
      map = Tree();
      map.kind = Tree::Kind::kMap;
      map.place = item.place;
      Tree key = item;
      key.text = "metric";
      map.entries.emplace_back(key, item);
    }
    metrics.push_back(ReadMetric(
        {reader.context(), &map, reader.PathOf("metrics") + "[" + std::to_string(i) + "]"}));
    if (!seen.emplace(metrics.back()["metric"].get<std::string>(), true).second)
      reader.Error(&item, "duplicate-name",
                   "\"" + reader.PathOf("metrics") + "\" has " +
                       metrics.back()["metric"].get<std::string>() + " twice");
  }
  return metrics;
}

// Whose texts are written, where that is not the reported split alone.
std::vector<std::string> ReadSplits(MapReader& reader, const DataSpec& data) {
  const std::vector<std::string> splits = reader.Texts("splits", {});
  for (size_t i = 0; i < splits.size(); ++i) {
    CheckSplit(reader, "splits", splits[i], data);
    if (std::count(splits.begin(), splits.begin() + static_cast<ptrdiff_t>(i), splits[i]) > 0)
      reader.Error(reader.tree()->Find("splits"), "duplicate-name",
                   "\"" + reader.PathOf("splits") + "\" has " + splits[i] + " twice");
  }
  return splits;
}

}  // namespace

Json ReadGenerate(MapReader& eval, const DataSpec& data, int64_t batch_size) {
  constexpr int64_t kMostTokens = 100'000;
  const Tree* value = eval.Get("generate", false, "a map");
  if (value == nullptr || value->kind == Tree::Kind::kNull) return nullptr;
  MapReader reader(eval.context(), value, eval.PathOf("generate"));
  Json generate = {{"num_beams", reader.Int("num_beams", 1, 1, 1000)},
                   {"length_penalty", reader.Number("length_penalty", 1, -100, 100)},
                   {"early_stopping", ReadEarlyStopping(reader)}};
  for (const char* key : {"max_length", "max_new_tokens"}) {
    if (const auto tokens = reader.MaybeInt(key, 1, kMostTokens)) generate[key] = *tokens;
  }
  if (!generate.contains("max_length") && !generate.contains("max_new_tokens")) {
    reader.Error(value, "missing-key",
                 "\"" + reader.path() +
                     "\" needs \"max_length\" (tokens of prompt and text; of the text alone for an "
                     "encoder-decoder) or \"max_new_tokens\"");
  }
  for (const char* key : {"min_new_tokens", "no_repeat_ngram_size"}) {
    const int64_t count = reader.Int(key, 0, 0, kMostTokens);
    if (count > 0) generate[key] = count;
  }
  if (const auto splits = ReadSplits(reader, data); !splits.empty()) generate["splits"] = splits;
  generate["batch_size"] = reader.Int("batch_size", batch_size, 1, 1'000'000);
  const catalog::Task* task = catalog::Find(catalog::Tasks(), data.task);
  generate["metrics"] = ReadMetrics(reader, task == nullptr ? catalog::Task() : *task);
  reader.Finish();
  if (task == nullptr || task->generates) return generate;
  eval.Error(value, "bad-reference",
             "\"" + reader.path() + "\": the task " + data.task + " labels items, it has no texts");
  return nullptr;
}

}  // namespace eida::spec
