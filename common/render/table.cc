#include "common/render/table.h"

#include <algorithm>

#include "common/render/terminal.h"

namespace eida::render {
namespace {

std::string Capitals(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// Line breaks would end the row: they become spaces.
std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string Escaped(const std::string& text, const std::string& special, const std::string& with) {
  std::string out;
  for (char c : text) {
    if (special.find(c) != std::string::npos) out += with;
    out += c;
  }
  return out;
}

std::string LatexText(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "±") == 0) {
      out += "$\\pm$";
      ++i;
    } else if (std::string("&%$#_{}").find(text[i]) != std::string::npos) {
      out += std::string("\\") + text[i];
    } else if (text[i] == '~') {
      out += "\\textasciitilde{}";
    } else if (text[i] == '^') {
      out += "\\textasciicircum{}";
    } else if (text[i] == '\\') {
      out += "\\textbackslash{}";
    } else if (text[i] == '\n') {
      out += ' ';
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::string ToText(const Table& table, bool headers) {
  std::vector<int> widths;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    int width = headers ? DisplayWidth(table.columns[c].name) : 0;
    for (const auto& row : table.rows) width = std::max(width, DisplayWidth(row[c]));
    widths.push_back(width);
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t c = 0; c < cells.size(); ++c) {
      const std::string space(static_cast<size_t>(widths[c] - DisplayWidth(cells[c])), ' ');
      if (c > 0) text += "  ";
      text +=
          OneLine(table.columns[c].align == Align::kRight ? space + cells[c] : cells[c] + space);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string out;
  if (headers) {
    std::vector<std::string> names;
    for (const Column& column : table.columns) names.push_back(Capitals(column.name));
    out += line(names);
  }
  for (const auto& row : table.rows) out += line(row);
  return out;
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string ToCsv(const Table& table, bool headers) {
  std::string out;
  const auto line = [&out](const auto& cells, const auto& text) {
    for (size_t c = 0; c < cells.size(); ++c) out += (c > 0 ? "," : "") + CsvField(text(cells[c]));
    out += '\n';
  };
  if (headers) line(table.columns, [](const Column& column) { return column.name; });
  for (const auto& row : table.rows) line(row, [](const std::string& cell) { return cell; });
  return out;
}

std::string ToMarkdown(const Table& table) {
  std::string out = "|";
  for (const Column& column : table.columns) out += " " + Escaped(column.name, "|", "\\") + " |";
  out += "\n|";
  for (const Column& column : table.columns)
    out += column.align == Align::kRight ? " ---: |" : " --- |";
  out += "\n";
  for (const auto& row : table.rows) {
    out += "|";
    for (const std::string& cell : row) out += " " + Escaped(OneLine(cell), "|", "\\") + " |";
    out += "\n";
  }
  return out;
}

std::string ToLatex(const Table& table) {
  std::string out = "\\begin{tabular}{";
  for (const Column& column : table.columns) out += column.align == Align::kRight ? 'r' : 'l';
  out += "}\n\\toprule\n";
  const auto line = [&out](const auto& cells, const auto& text) {
    for (size_t c = 0; c < cells.size(); ++c)
      out += (c > 0 ? " & " : "") + LatexText(text(cells[c]));
    out += " \\\\\n";
  };
  line(table.columns, [](const Column& column) { return column.name; });
  out += "\\midrule\n";
  for (const auto& row : table.rows) line(row, [](const std::string& cell) { return cell; });
  return out + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace eida::render
