#include "common/inputs/rows.h"

#include <algorithm>
#include <charconv>

#include "common/base/json.h"
#include "common/base/text.h"

namespace eida::inputs {
namespace {

struct Reader {
  const std::string& name;
  const Columns& columns;
  int64_t labels;
  size_t line = 0;
  std::vector<Row> rows;

  Status Fail(const std::string& message) const {
    return InvalidArgument(name + ":" + std::to_string(line) + ": " + message);
  }

  Status CheckLabel(int64_t label) const {
    if (label >= 0 && label < labels) return OkStatus();
    return Fail("label " + std::to_string(label) + " is outside the head: model.head has " +
                std::to_string(labels) + " labels (0 to " + std::to_string(labels - 1) + ")");
  }
  Status ReadLabel(const std::string& field, int64_t& label) const {
    const std::string number(Trim(field));
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), label);
    if (error != std::errc() || end != number.data() + number.size())
      return Fail("label \"" + Ellipsis(field, 40) + "\" is not a whole number");
    return CheckLabel(label);
  }
  Status CheckTexts(const Row& row) const {
    if (Trim(row.text).empty()) return Fail("column \"" + columns.text + "\" is empty");
    if (!columns.text_pair.empty() && Trim(row.text_pair).empty())
      return Fail("column \"" + columns.text_pair + "\" is empty");
    return OkStatus();
  }
};

Result<size_t> ColumnIndex(const std::vector<std::string>& header, const std::string& wanted,
                           const Reader& reader) {
  const auto found = std::find(header.begin(), header.end(), wanted);
  if (found != header.end()) return static_cast<size_t>(found - header.begin());
  const std::string meant = Nearest(wanted, header);
  return reader.Fail("there is no column \"" + wanted + "\" (have: " + Join(header, ", ") + ")" +
                     (meant.empty() ? "" : "; did you mean \"" + meant + "\"?"));
}

std::vector<std::string_view> Lines(const std::string& content) {
  std::vector<std::string_view> lines;
  size_t begin = content.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
  while (begin < content.size()) {
    size_t end = content.find('\n', begin);
    if (end == std::string::npos) end = content.size();
    std::string_view line(content.data() + begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    begin = end + 1;
  }
  return lines;
}

Status ReadTsv(const std::vector<std::string_view>& lines, Reader* reader) {
  reader->line = 1;
  if (lines.empty()) return OkStatus();
  const std::vector<std::string> header = Split(lines[0], '\t');
  EIDA_ASSIGN_OR_RETURN(const size_t text, ColumnIndex(header, reader->columns.text, *reader));
  const bool labelled = !reader->columns.label.empty();
  size_t label = 0, pair = 0;
  if (labelled) {
    EIDA_ASSIGN_OR_RETURN(label, ColumnIndex(header, reader->columns.label, *reader));
  }
  if (!reader->columns.text_pair.empty()) {
    EIDA_ASSIGN_OR_RETURN(pair, ColumnIndex(header, reader->columns.text_pair, *reader));
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    reader->line = i + 1;
    std::vector<std::string> fields = Split(lines[i], '\t');
    if (fields.size() != header.size())
      return reader->Fail("has " + std::to_string(fields.size()) + " fields, the header has " +
                          std::to_string(header.size()) +
                          " (TSV fields are split at tabs; there is no quoting)");
    Row row;
    if (labelled) EIDA_RETURN_IF_ERROR(reader->ReadLabel(fields[label], row.label));
    row.text = std::move(fields[text]);
    if (!reader->columns.text_pair.empty()) row.text_pair = std::move(fields[pair]);
    EIDA_RETURN_IF_ERROR(reader->CheckTexts(row));
    reader->rows.push_back(std::move(row));
  }
  return OkStatus();
}

Result<std::string> TextMember(const Json& object, const std::string& key, const Reader& reader) {
  const auto found = object.find(key);
  if (found == object.end()) return reader.Fail("there is no \"" + key + "\"");
  if (!found->is_string()) return reader.Fail("\"" + key + "\" is not a text");
  return found->get<std::string>();
}

Status ReadJsonl(const std::vector<std::string_view>& lines, Reader* reader) {
  for (size_t i = 0; i < lines.size(); ++i) {
    reader->line = i + 1;
    if (Trim(lines[i]).empty()) continue;
    const Result<Json> object = ParseJson(std::string(lines[i]), "line");
    if (!object.ok() || !object->is_object()) return reader->Fail("is not one JSON object");
    Row row;
    EIDA_ASSIGN_OR_RETURN(row.text, TextMember(*object, reader->columns.text, *reader));
    if (!reader->columns.text_pair.empty()) {
      EIDA_ASSIGN_OR_RETURN(row.text_pair, TextMember(*object, reader->columns.text_pair, *reader));
    }
    if (!reader->columns.label.empty()) {
      const auto label = object->find(reader->columns.label);
      if (label == object->end() || !label->is_number_integer())
        return reader->Fail("\"" + reader->columns.label + "\" is missing or not a whole number");
      row.label = label->get<int64_t>();
      EIDA_RETURN_IF_ERROR(reader->CheckLabel(row.label));
    }
    EIDA_RETURN_IF_ERROR(reader->CheckTexts(row));
    reader->rows.push_back(std::move(row));
  }
  return OkStatus();
}

Status ReadE2e(const std::vector<std::string_view>& lines, Reader* reader) {
  for (size_t i = 0; i < lines.size(); ++i) {
    reader->line = i + 1;
    if (Trim(lines[i]).empty()) continue;
    const size_t bars = lines[i].find("||");
    if (bars == std::string_view::npos)
      return reader->Fail("has no || between a meaning representation and its reference");
    Row row;
    row.text = Trim(lines[i].substr(0, bars));
    row.text_pair = Trim(lines[i].substr(bars + 2));
    EIDA_RETURN_IF_ERROR(reader->CheckTexts(row));
    reader->rows.push_back(std::move(row));
  }
  return OkStatus();
}

}  // namespace

int64_t FirstInvalidUtf8(const std::string& text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t size = lead < 0x80                   ? 1
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xF0 && lead < 0xF5 ? 4
                                                      : 0;
    if (size == 0 || i + size > text.size()) return static_cast<int64_t>(i);
    uint32_t code = size == 1 ? lead : lead & (0xFF >> (size + 1));
    for (size_t k = 1; k < size; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return static_cast<int64_t>(i);
      code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 63);
    }
    const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
    if (overlong || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
      return static_cast<int64_t>(i);
    i += size;
  }
  return -1;
}

Result<std::vector<Row>> ReadRows(const std::string& content, const std::string& name,
                                  const std::string& format, const Columns& columns,
                                  int64_t labels) {
  if (const int64_t bad = FirstInvalidUtf8(content); bad >= 0) {
    const auto line = 1 + std::count(content.begin(), content.begin() + bad, '\n');
    return InvalidArgument(name + ":" + std::to_string(line) + ": is not UTF-8 (byte " +
                           std::to_string(bad) + "); convert the file, for example with iconv");
  }
  Reader reader{name, columns, labels};
  const std::vector<std::string_view> lines = Lines(content);
  EIDA_RETURN_IF_ERROR(format == "jsonl" ? ReadJsonl(lines, &reader)
                       : format == "e2e" ? ReadE2e(lines, &reader)
                                         : ReadTsv(lines, &reader));
  if (reader.rows.empty()) return InvalidArgument(name + ": has no rows");
  return std::move(reader.rows);
}

}  // namespace eida::inputs
