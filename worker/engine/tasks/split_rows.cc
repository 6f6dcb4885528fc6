#include "worker/engine/tasks/split_rows.h"

#include "common/base/fs.h"
#include "common/inputs/splits.h"

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
  columns.label = GetOr<std::string>(names, "label", "");
  auto rows = inputs::ReadRows(content, "data/" + split + " (" + path + ")",
                               GetOr<std::string>(data, "format", "tsv"), columns, labels);
  if (!rows.ok()) return DataError(Message(rows.status()));
  return rows;
}

}  // namespace

Result<SplitRows> ReadSplit(const Job& job, const Base& base, const ItemChoice& choice) {
  const Json data = job.spec.value("data", Json::object());
  const auto rules = inputs::SplitRulesOf(data);
  if (!rules.ok()) return ConfigError("job " + job.name + ": " + Message(rules.status()));
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
  SplitRows out;
  out.items = split->second.rows;
  if (choice.samples) out.items = inputs::SampleRows(out.items, *choice.samples, choice.item_seed);
  if (choice.half) out.items = inputs::HalfOfRows(out.items, choice.half->seed, choice.half->other);
  if (out.items.empty())
    return DataError("job " + job.name + ": half of split \"" + choice.split +
                     "\" is empty: it has one item");
  std::vector<inputs::Row>& rows = files.at(split->second.file);
  for (const int64_t item : out.items)
    out.rows.push_back(std::move(rows[static_cast<size_t>(item)]));
  return out;
}

Result<int64_t> MaxLength(const Job& job, const Base& base, int64_t least) {
  const int64_t most = base.model->max_length();
  const auto max_length =
      GetOr<int64_t>(job.spec.value("data", Json::object()), "max_length", most);
  if (max_length < least || max_length > most) {
    return ConfigError("job " + job.name + ": data.max_length is " + std::to_string(max_length) +
                       ", this model takes " + std::to_string(least) + " to " +
                       std::to_string(most) + " tokens (config.json: max_position_embeddings)");
  }
  return max_length;
}

}  // namespace eida::engine
