#include <algorithm>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "common/spec/sections.h"

namespace eida::spec {
namespace {

SplitSpec ReadSplit(MapReader& splits, const std::string& name, const Tree& value) {
  SplitSpec split;
  split.name = name;
  if (value.kind == Tree::Kind::kScalar) {
    split.file = value.text;
    return split;
  }
  MapReader reader(splits.context(), &value, splits.PathOf(name));
  split.from = reader.Text("from", "", true);
  split.fraction = reader.MaybeNumber("fraction", 0, 1);
  split.items = reader.MaybeInt("items", 1, INT64_MAX);
  split.seed = reader.Int("seed", 0, 0, INT64_MAX);
  reader.Finish();
  if (split.fraction.has_value() == split.items.has_value()) {
    reader.Error(&value, "missing-key",
                 "split \"" + name + "\" needs either \"fraction\" or \"items\"");
  }
  return split;
}

// By the names that the task has for them; a form of its own has no columns.
void ReadColumns(MapReader& sweep, const catalog::Task& task, DataSpec* data) {
  std::optional<MapReader> columns;
  if (data->format != "e2e") columns = sweep.Map("columns");
  data->text.clear(), data->text_pair.clear(), data->label.clear();
  for (const catalog::Column& column : task.columns) {
    std::string& name = column.key == "text" || column.key == "source" ? data->text
                        : column.key == "label"                        ? data->label
                                                                       : data->text_pair;
    name = columns ? columns->Text(column.key, column.name) : column.name;
  }
  if (!columns) return;
  columns->Finish();
  if (!task.generates) return;
  data->source_lang = sweep.Text("source_lang", "");
  data->target_lang = sweep.Text("target_lang", "");
}

void ReadSplits(MapReader& sweep, DataSpec* data) {
  const Tree* splits = sweep.Get("splits", true, "a map of names to files or parts");
  MapReader reader(sweep.context(), splits, sweep.PathOf("splits"));
  if (reader.tree() == nullptr) return;
  for (const auto& [key, value] : reader.tree()->entries) {
    reader.Get(key.text, false, "a file, or a map");
    data->splits.push_back(ReadSplit(reader, key.text, value));
  }
  for (size_t i = 0; i < data->splits.size(); ++i) {
    const SplitSpec& split = data->splits[i];
    const SplitSpec* source = split.from.empty() ? nullptr : data->Find(split.from);
    if (!split.from.empty() && (source == nullptr || source >= &split)) {
      std::vector<std::string> have;
      for (size_t k = 0; k < i; ++k) have.push_back(data->splits[k].name);
      reader.Error(reader.tree()->Find(split.name), "bad-reference",
                   "split \"" + split.name + "\" is taken from \"" + split.from +
                       "\", which is not defined above it (have: " + Join(have, ", ") + ")");
    }
  }
  if (data->Find("train") == nullptr)
    reader.Error(splits, "missing-key", "data.splits needs a split named \"train\"");
}

// A task whose labels have names has as many as that.
void CheckHead(const MapReader& sweep, const catalog::Task& task, int labels) {
  const auto named = static_cast<int>(task.labels.size());
  if (named == 0 || named == labels) return;
  sweep.Error(sweep.tree()->Find("model")->Find("head"), "range",
              "the task " + task.id + " has " + std::to_string(named) + " labels (" +
                  Join(task.labels, ", ") + "), and \"model.head.classification.labels\" is " +
                  std::to_string(labels));
}

}  // namespace

const SplitSpec* DataSpec::Find(const std::string& name) const {
  for (const SplitSpec& split : splits) {
    if (split.name == name) return &split;
  }
  return nullptr;
}

void ReadModel(MapReader sweep, ModelSpec* model) {
  model->path = sweep.Text("path", "", true);
  model->digest = sweep.Text("digest", "");
  const Tree* head = sweep.Get("head", false, "a map");
  if (head != nullptr) {
    MapReader heads(sweep.context(), head, sweep.PathOf("head"));
    MapReader classification = heads.Map("classification", true);
    model->labels = static_cast<int>(classification.Int("labels", 2, 2, 100'000));
    classification.Finish();
    heads.Finish();
  }
  sweep.Finish();
}

void ReadData(MapReader& sweep, SweepSpec* spec) {
  DataSpec* data = &spec->data;
  MapReader reader = sweep.Map("data", true);
  data->task = reader.Choice("task", "classification", catalog::Ids(catalog::Tasks()), true);
  const catalog::Task& task = *catalog::Find(catalog::Tasks(), data->task);
  CheckHead(sweep, task, spec->model.labels);
  data->format = reader.Choice("format", task.formats.front(), task.formats);
  ReadColumns(reader, task, data);
  data->max_length = static_cast<int>(reader.Int("max_length", 128, 3, 100'000));
  ReadSplits(reader, data);
  MapReader limit = reader.Map("limit");
  if (limit.tree() != nullptr) {
    for (const auto& [key, value] : limit.tree()->entries) {
      data->limit[key.text] = limit.Int(key.text, 1, 1, INT64_MAX);
      if (data->Find(key.text) == nullptr)
        limit.Error(
            &key, "bad-reference",
            "data.limit names the split \"" + key.text + "\", which data.splits does not define");
    }
  }
  reader.Finish();
}

void ReadSeeds(MapReader& sweep, bool required, std::vector<int64_t>* seeds) {
  const Tree* value = sweep.Get("seeds", required, "whole numbers from 0, or ranges such as 0..4");
  if (value == nullptr) return;
  const auto add = [&](const Tree& item) {
    const size_t dots = item.text.find("..");
    const std::optional<int64_t> low = ParseInt(item.text.substr(0, dots));
    const std::optional<int64_t> high =
        dots == std::string::npos ? low : ParseInt(item.text.substr(dots + 2));
    if (item.kind != Tree::Kind::kScalar || !low || !high || *low < 0 || *high < *low) {
      sweep.Error(&item, "type", "\"seeds\" holds whole numbers from 0 or ranges such as 0..4");
      return;
    }
    if (*high - *low >= 100'000)
      return sweep.Error(&item, "too-many-runs", "\"seeds\" has more than 100,000 seeds");
    for (int64_t seed = *low; seed <= *high; ++seed) {
      if (std::find(seeds->begin(), seeds->end(), seed) != seeds->end())
        sweep.Error(&item, "duplicate-name", "seed " + std::to_string(seed) + " is listed twice");
      else
        seeds->push_back(seed);
    }
  };
  if (value->kind == Tree::Kind::kList) {
    for (const Tree& item : value->items) add(item);
    if (value->items.empty()) sweep.Error(value, "range", "\"seeds\" is empty");
  } else {
    add(*value);
  }
}

}  // namespace eida::spec
