#include "common/base/csv.h"

#include <algorithm>

namespace eida {

CsvReader::CsvReader(std::string_view content, std::string name)
    : rest_(content), name_(std::move(name)) {
  if (rest_.rfind("\xEF\xBB\xBF", 0) == 0) rest_.remove_prefix(3);
}

Status CsvReader::Fail(size_t line, const std::string& message) const {
  return InvalidArgument(name_ + ":" + std::to_string(line) + ": " + message);
}

// Behind the opening quote, up to and with the closing one.
Result<std::string> CsvReader::Quoted() {
  const size_t opened = line_;
  std::string field;
  while (true) {
    const size_t end = rest_.find('"');
    if (end == std::string_view::npos)
      return Fail(opened, "a double quote is opened here and never closed");
    field.append(rest_.substr(0, end));
    line_ += static_cast<size_t>(std::count(rest_.begin(), rest_.begin() + end, '\n'));
    rest_.remove_prefix(end + 1);
    if (rest_.empty() || rest_[0] != '"') break;
    field += '"';
    rest_.remove_prefix(1);
  }
  if (!rest_.empty() && rest_[0] != ',' && rest_[0] != '\r' && rest_[0] != '\n')
    return Fail(line_,
                "there is text behind the closing double quote of a field; a quote inside of "
                "quotes is written twice");
  return field;
}

Result<std::string> CsvReader::Plain() {
  const size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
  const std::string field(rest_.substr(0, end));
  if (field.find('"') != std::string::npos)
    return Fail(line_,
                "a double quote stands inside a field that has none around it; quote the field "
                "and write the quote twice");
  rest_.remove_prefix(end);
  return field;
}

Result<std::vector<std::string>> CsvReader::Row() {
  std::vector<std::string> fields;
  begin_ = line_;
  while (true) {
    const bool quoted = !rest_.empty() && rest_[0] == '"';
    if (quoted) rest_.remove_prefix(1);
    EIDA_ASSIGN_OR_RETURN(std::string field, quoted ? Quoted() : Plain());
    fields.push_back(std::move(field));
    if (rest_.empty()) return fields;
    const char end = rest_[0];
    rest_.remove_prefix(1);
    if (end == ',') continue;
    if (end == '\r') {
      if (rest_.empty() || rest_[0] != '\n')
        return Fail(line_, "a carriage return stands alone; lines end with LF or CR LF");
      rest_.remove_prefix(1);
    }
    ++line_;
    return fields;
  }
}

}  // namespace eida
