// One or two text columns and an integer label.
#include <ATen/Parallel.h>

#include "common/base/fs.h"
#include "common/inputs/rows.h"
#include "common/inputs/splits.h"
#include "worker/engine/tasks/task.h"

namespace eida::engine {
namespace {

Result<std::vector<inputs::Row>> ReadDataFile(const Job& job, const Json& data,
                                              const std::string& split, int64_t labels) {
  EIDA_ASSIGN_OR_RETURN(const std::string path, Input(job, "data/" + split));
  EIDA_ASSIGN_OR_RETURN(const std::string content, ReadFile(path));
  const Json names = data.value("columns", Json::object());
  inputs::Columns columns;
  columns.text = GetOr<std::string>(names, "text", "text");
  columns.text_pair = GetOr<std::string>(names, "text_pair", "");
  columns.label = GetOr<std::string>(names, "label", "label");
  auto rows = inputs::ReadRows(content, "data/" + split + " (" + path + ")",
                               GetOr<std::string>(data, "format", "tsv"), columns, labels);
  if (!rows.ok()) return DataError(Message(rows.status()));
  return rows;
}

}  // namespace

Result<Examples> Load_classification(const Job& job, const Base& base, const ItemChoice& choice) {
  if (base.model->generates())
    return ConfigError("job " + job.name +
                       ": the task classification needs a classifier, and this model predicts "
                       "tokens (" +
                       base.config_path + ")");
  const Json data = job.spec.value("data", Json::object());
  const auto rules = inputs::SplitRulesOf(data);
  if (!rules.ok()) return ConfigError("job " + job.name + ": " + Message(rules.status()));
  const auto max_length = GetOr<int64_t>(data, "max_length", base.model->max_length());
  if (max_length < 3 || max_length > base.model->max_length()) {
    return ConfigError("job " + job.name + ": data.max_length is " + std::to_string(max_length) +
                       ", this model takes 3 to " + std::to_string(base.model->max_length()) +
                       " tokens (config.json: max_position_embeddings)");
  }
  // Sizes decide the splits, so every file is read; there is one for nearly all data sets.
  std::map<std::string, int64_t> sizes;
  std::map<std::string, std::vector<inputs::Row>> files;
  for (const inputs::SplitRule& rule : *rules) {
    if (!rule.from.empty()) continue;
    EIDA_ASSIGN_OR_RETURN(files[rule.name], ReadDataFile(job, data, rule.name, base.labels));
    sizes[rule.name] = static_cast<int64_t>(files[rule.name].size());
  }
  const auto limit = GetOr<std::map<std::string, int64_t>>(data, "limit", {});
  const auto splits = inputs::ResolveSplits(*rules, sizes, limit);
  if (!splits.ok()) return DataError("job " + job.name + ": " + Message(splits.status()));
  const auto split = splits->find(choice.split);
  if (split == splits->end()) {
    return ConfigError("job " + job.name + ": there is no split \"" + choice.split +
                       "\" in data.splits");
  }
  Examples examples;
  examples.items = split->second.rows;
  if (choice.samples)
    examples.items = inputs::SampleRows(examples.items, *choice.samples, choice.item_seed);
  examples.item_hash = inputs::ItemHash(examples.items);
  const std::vector<inputs::Row>& rows = files.at(split->second.file);
  const bool paired =
      !GetOr<std::string>(data.value("columns", Json::object()), "text_pair", "").empty();
  std::vector<std::string> texts, pairs;
  for (const int64_t item : examples.items) {
    const inputs::Row& row = rows[static_cast<size_t>(item)];
    texts.push_back(row.text);
    if (paired) pairs.push_back(row.text_pair);
    examples.labels.push_back(row.label);
  }
  EIDA_ASSIGN_OR_RETURN(examples.tokens,
                        base.tokenizer.Encode(texts, pairs, max_length, at::get_num_threads()));
  for (int64_t i = 0; i < examples.size(); ++i) {
    if (examples.length(i) == 0) {
      return DataError("data/" + choice.split + ": row " + std::to_string(examples.items[i]) +
                       " has no tokens after tokenising");
    }
  }
  return examples;
}

}  // namespace eida::engine
