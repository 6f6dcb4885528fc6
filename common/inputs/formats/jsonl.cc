#include <set>

#include "common/base/json.h"
#include "common/base/text.h"
#include "common/inputs/row_reader.h"

namespace eida::inputs {
namespace {

// The key that the object has twice, or "": the parser would keep the last one silently.
std::string KeyGivenTwice(std::string_view line) {
  std::set<std::string> seen;
  std::string twice;
  const Json ignored = Json::parse(
      line,
      [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::key && depth == 1 &&
            !seen.insert(parsed.get<std::string>()).second)
          twice = parsed.get<std::string>();
        return true;
      },
      /*allow_exceptions=*/false);
  return twice;
}

Result<std::string> TextOf(const Json& object, const std::string& key, const RowReader& reader) {
  const auto found = object.find(key);
  if (found == object.end()) {
    std::vector<std::string> have;
    for (const auto& [name, value] : object.items()) have.push_back(name);
    return reader.Fail("there is no \"" + key + "\" (have: " + Join(have, ", ") + ")" +
                       Meant(key, have));
  }
  if (!found->is_string()) return reader.Fail("\"" + key + "\" is not a text");
  return found->get<std::string>();
}

Result<Row> RowOf(const Json& object, const RowReader& reader) {
  const Columns& columns = reader.columns();
  Row row;
  EIDA_ASSIGN_OR_RETURN(row.text, TextOf(object, columns.text, reader));
  if (!columns.text_pair.empty()) {
    EIDA_ASSIGN_OR_RETURN(row.text_pair, TextOf(object, columns.text_pair, reader));
  }
  if (columns.label.empty()) return row;
  const auto label = object.find(columns.label);
  if (label == object.end() || !label->is_number_integer())
    return reader.Fail("\"" + columns.label + "\" is missing or not a whole number");
  row.label = label->get<int64_t>();
  return row;
}

}  // namespace

Status Read_jsonl(const std::string& content, RowReader* reader) {
  const std::vector<std::string_view> lines = Lines(content);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (Trim(lines[i]).empty()) continue;
    reader->At(i + 1);
    const Result<Json> object = ParseJson(std::string(lines[i]), "line");
    if (!object.ok() || !object->is_object()) return reader->Fail("is not one JSON object");
    if (const std::string key = KeyGivenTwice(lines[i]); !key.empty())
      return reader->Fail("has \"" + key + "\" twice: which one is meant?");
    EIDA_ASSIGN_OR_RETURN(Row row, RowOf(*object, *reader));
    EIDA_RETURN_IF_ERROR(reader->Add(std::move(row)));
  }
  return OkStatus();
}

}  // namespace eida::inputs
