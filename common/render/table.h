// Tables as text, CSV, Markdown and LaTeX.
#pragma once

#include <string>
#include <vector>

namespace eida::render {

enum class Align { kLeft, kRight };

struct Column {
  std::string name;
  Align align = Align::kLeft;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // as many cells as columns
};

// Columns two spaces apart, headers in capitals, nothing cut. Ends with a line feed unless the
// table is empty.
std::string ToText(const Table& table, bool headers = true);
// RFC 4180: fields with commas, quotes or line breaks are quoted.
std::string ToCsv(const Table& table, bool headers = true);
std::string ToMarkdown(const Table& table);
// A booktabs tabular; special characters are escaped.
std::string ToLatex(const Table& table);

std::string CsvField(const std::string& text);

}  // namespace eida::render
