#include "client/fetch/forms.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <vector>

#include "common/base/csv.h"
#include "common/base/json.h"
#include "common/base/text.h"

namespace eida::fetch {
namespace {

Status Fail(const std::string& name, size_t line, const std::string& message) {
  return InvalidArgument(name + ":" + std::to_string(line) + ": " + message);
}

std::string_view WithoutMark(std::string_view content) {
  if (content.rfind("\xEF\xBB\xBF", 0) == 0) content.remove_prefix(3);
  return content;
}

// Calls `row` with each line, without its end.
Status EachLine(std::string_view content,
                const std::function<Status(size_t, std::string_view)>& row) {
  for (size_t number = 1; !content.empty(); ++number) {
    const size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    EIDA_RETURN_IF_ERROR(row(number, line));
  }
  return OkStatus();
}

// In one line and one field: tabs and line feeds become blanks.
std::string Flat(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return std::string(Trim(text));
}

Result<Converted> FromGlue(const std::string& content, const std::string& name) {
  Converted out;
  size_t columns = 0;
  const Status status = EachLine(WithoutMark(content), [&](size_t, std::string_view line) {
    const std::vector<std::string> fields = Split(line, '\t');
    const bool header = columns == 0;
    if (header) columns = fields.size();
    const bool whole = fields.size() == columns &&
                       std::ranges::none_of(fields, [](const auto& f) { return Trim(f).empty(); });
    if (whole) out.content.append(line).append("\n");
    if (!header) ++(whole ? out.rows : out.dropped);
    return OkStatus();
  });
  EIDA_RETURN_IF_ERROR(status);
  if (columns < 2 || out.rows == 0)
    return Fail(name, 1, "is not a TSV file with a header line and rows");
  return out;
}

Result<Converted> FromE2eCsv(const std::string& content, const std::string& name) {
  Converted out;
  CsvReader reader(content, name);
  EIDA_ASSIGN_OR_RETURN(std::vector<std::string> header, reader.Row());
  for (std::string& column : header)
    std::ranges::transform(column, column.begin(), [](unsigned char c) { return std::tolower(c); });
  if (header != std::vector<std::string>{"mr", "ref"})
    return Fail(name, 1, "has the columns " + Join(header, ", ") + ", expected mr, ref");
  while (!reader.AtEnd()) {
    EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> fields, reader.Row());
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (fields.size() != 2)
      return Fail(name, reader.line(),
                  "has " + std::to_string(fields.size()) + " fields, expected 2");
    const std::string mr = Flat(fields[0]), ref = Flat(fields[1]);
    if (mr.empty() || ref.empty() || mr.find("||") != std::string::npos) {
      ++out.dropped;
      continue;
    }
    out.content += mr + "||" + ref + "\n";
    ++out.rows;
  }
  if (out.rows == 0) return Fail(name, 1, "has no rows");
  return out;
}

Result<Converted> FromPairs(const std::string& content, const std::string& name) {
  Converted out;
  std::vector<std::string> languages;
  const Status status = EachLine(content, [&](size_t number, std::string_view line) -> Status {
    if (Trim(line).empty()) return OkStatus();
    const Result<Json> row = ParseJson(std::string(line), name);
    const Json pair = row.ok() && row->is_object() ? row->value("translation", Json()) : Json();
    if (!pair.is_object() || pair.size() != 2)
      return Fail(name, number, "is not {\"translation\": {two languages}}");
    if (languages.empty()) {
      for (const auto& [language, text] : pair.items()) languages.push_back(language);
      out.content = languages[0] + "\t" + languages[1] + "\n";
    }
    std::vector<std::string> texts;
    for (const std::string& language : languages) {
      const auto text = pair.find(language);
      if (text == pair.end() || !text->is_string())
        return Fail(name, number, "has no text for \"" + language + "\"");
      texts.push_back(Flat(text->get<std::string>()));
    }
    if (texts[0].empty() || texts[1].empty()) {
      ++out.dropped;
      return OkStatus();
    }
    out.content += texts[0] + "\t" + texts[1] + "\n";
    ++out.rows;
    return OkStatus();
  });
  EIDA_RETURN_IF_ERROR(status);
  if (out.rows == 0) return Fail(name, 1, "has no rows");
  return out;
}

}  // namespace

Result<Form> ParseForm(const std::string& name) {
  if (name == "as_is") return Form::kAsIs;
  if (name == "glue") return Form::kGlue;
  if (name == "e2e_csv") return Form::kE2eCsv;
  if (name == "pairs") return Form::kPairs;
  return InvalidArgument("\"" + name + "\" is no form");
}

Result<Converted> Convert(Form form, const std::string& content, const std::string& name) {
  switch (form) {
    case Form::kGlue:
      return FromGlue(content, name);
    case Form::kE2eCsv:
      return FromE2eCsv(content, name);
    case Form::kPairs:
      return FromPairs(content, name);
    case Form::kAsIs:
      break;
  }
  return Converted{content};
}

}  // namespace eida::fetch
