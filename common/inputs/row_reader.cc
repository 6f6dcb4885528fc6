#include "common/inputs/row_reader.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"

namespace eida::inputs {

Status RowReader::Fail(const std::string& message) const {
  return InvalidArgument(name_ + ":" + std::to_string(line_) + ": " + message);
}

Result<size_t> RowReader::Find(const std::vector<std::string>& header,
                               const std::string& wanted) const {
  const auto found = std::find(header.begin(), header.end(), wanted);
  if (found == header.end())
    return Fail("there is no column \"" + wanted + "\" (have: " + Join(header, ", ") + ")" +
                Meant(wanted, header));
  if (std::find(found + 1, header.end(), wanted) != header.end())
    return Fail("the header has the column \"" + wanted + "\" twice: which one is meant?");
  return static_cast<size_t>(found - header.begin());
}

Status RowReader::SetHeader(const std::vector<std::string>& names) {
  fields_ = names.size();
  EIDA_ASSIGN_OR_RETURN(text_, Find(names, columns_.text));
  if (!columns_.text_pair.empty()) {
    EIDA_ASSIGN_OR_RETURN(pair_, Find(names, columns_.text_pair));
  }
  if (!columns_.label.empty()) {
    EIDA_ASSIGN_OR_RETURN(label_, Find(names, columns_.label));
  }
  return OkStatus();
}

Status RowReader::AddFields(std::vector<std::string> fields, const char* hint) {
  if (fields.size() != fields_)
    return Fail("has " + std::to_string(fields.size()) + " fields, the header has " +
                std::to_string(fields_) + " (" + hint + ")");
  Row row;
  if (label_) {
    EIDA_ASSIGN_OR_RETURN(row.label, LabelOf(fields[*label_]));
  }
  row.text = std::move(fields[text_]);
  if (pair_) row.text_pair = std::move(fields[*pair_]);
  return Add(std::move(row));
}

Result<int64_t> RowReader::LabelOf(const std::string& field) const {
  const std::string number(Trim(field));
  int64_t label = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), label);
  if (error != std::errc() || end != number.data() + number.size())
    return Fail("label \"" + Ellipsis(field, 40) + "\" is not a whole number");
  return label;
}

Status RowReader::CheckText(const std::string& text, const std::string& column) const {
  if (Trim(text).empty()) return Fail("column \"" + column + "\" is empty");
  if (text.find('\0') != std::string::npos)
    return Fail("column \"" + column + "\" holds a NUL character");
  return OkStatus();
}

Status RowReader::Add(Row row) {
  if (!columns_.label.empty() && (row.label < 0 || row.label >= labels_))
    return Fail("label " + std::to_string(row.label) + " is outside the head: model.head has " +
                std::to_string(labels_) + " labels (0 to " + std::to_string(labels_ - 1) + ")");
  EIDA_RETURN_IF_ERROR(CheckText(row.text, columns_.text));
  if (!columns_.text_pair.empty())
    EIDA_RETURN_IF_ERROR(CheckText(row.text_pair, columns_.text_pair));
  rows_.push_back(std::move(row));
  return OkStatus();
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

}  // namespace eida::inputs
