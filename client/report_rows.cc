#include "client/report_rows.h"

#include "common/base/digest.h"
#include "common/catalog/catalog.h"
#include "common/inputs/rows.h"

namespace eida::client {
namespace {

constexpr size_t kRowsShown = 5;

// Name and digest of the split's file, or of the first split that has one.
std::pair<std::string, std::string> FileOf(const Json& data, const std::string& split) {
  std::pair<std::string, std::string> found;
  for (const Json& each : data.value("splits", Json::array())) {
    const auto name = GetOr<std::string>(each, "name", ""),
               digest = GetOr<std::string>(each, "digest", "");
    if (IsDigest(digest) && (found.first.empty() || name == split)) found = {name, digest};
  }
  return found;
}

// Its name where the task has names, else its number.
std::string LabelText(const catalog::Task& task, int64_t label) {
  if (task.generates) return "";
  return label < std::ssize(task.labels) ? task.labels[static_cast<size_t>(label)]
                                         : std::to_string(label);
}

}  // namespace

void AddRows(Api& api, const Json& resolved, report::Study& study) {
  const Json inputs = resolved.value("inputs", Json::object()),
             data = inputs.value("data", Json::object()),
             columns = data.value("columns", Json::object());
  const catalog::Task* task = catalog::Find(catalog::Tasks(), study.task);
  const auto [split, digest] = FileOf(data, study.select_split);
  if (task == nullptr || digest.empty()) return;
  const Result<std::string> content = api.Get(Digest(digest));
  if (!content.ok()) return;
  const auto rows = inputs::ReadRows(
      *content, split, GetOr<std::string>(data, "format", "tsv"),
      {GetOr<std::string>(columns, "text", ""), GetOr<std::string>(columns, "text_pair", ""),
       GetOr<std::string>(columns, "label", "")},
      GetOr<int64_t>(inputs.value("model", Json::object()), "labels", 2));
  if (!rows.ok()) return;
  study.rows_split = split;
  for (size_t i = 0; i < rows->size() && i < kRowsShown; ++i) {
    const inputs::Row& row = (*rows)[i];
    study.rows.push_back({row.text, row.text_pair, LabelText(*task, row.label)});
  }
}

}  // namespace eida::client
