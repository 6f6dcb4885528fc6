// One table as CSV, Markdown and LaTeX, and a document as Markdown.
#include <algorithm>

#include "client/report/writers.h"

namespace eida::report {
namespace {

bool HasHeadings(const Grid& grid) {
  return std::any_of(grid.rows.begin(), grid.rows.end(),
                     [](const Grid::Row& row) { return row.heading; });
}

std::vector<std::string> Texts(const Grid::Row& row, size_t width) {
  std::vector<std::string> texts;
  for (const Grid::Cell& cell : row.cells) texts.push_back(cell.text);
  texts.resize(width);
  return texts;
}

render::Table Plain(const Table& table, bool exact) {
  const Grid grid = Expand(table, exact);
  const bool grouped = exact && HasHeadings(grid);
  render::Table out{grid.columns, {}};
  if (grouped) out.columns.insert(out.columns.begin(), {"group"});
  std::string group;
  for (const Grid::Row& row : grid.rows) {
    if (row.heading && exact) {
      group = row.cells.empty() ? "" : row.cells[0].text;
      continue;
    }
    out.rows.push_back(Texts(row, grid.columns.size()));
    if (grouped) out.rows.back().insert(out.rows.back().begin(), group);
  }
  return out;
}

// Markdown reads < as the start of a tag, wherever it stands outside of code.
std::string Inline(std::string text) {
  std::string out;
  for (const char c : text) {
    if (std::string("\\`*_<>[]#").find(c) != std::string::npos) out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string Fence(const std::string& code) {
  size_t longest = 2, run = 0;
  for (const char c : code) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  return std::string(longest + 1, '`');
}

struct BlockToMarkdown {
  std::string operator()(const Paragraph& p) const { return Inline(p.text) + "\n\n"; }
  std::string operator()(const List& list) const {
    std::string out;
    for (const std::string& item : list.items) out += "- " + Inline(item) + "\n";
    return out + "\n";
  }
  std::string operator()(const Code& code) const {
    const std::string fence = Fence(code.text);
    return fence + "\n" + code.text + "\n" + fence + "\n\n";
  }
  std::string operator()(const Table& table) const { return ToMarkdown(table) + "\n"; }
  std::string operator()(const Figure& figure) const {
    std::string out;
    for (size_t p = 0; p < figure.panels.size(); ++p)
      out += "![" + Inline(figure.caption) + "](figures/" + PanelName(figure, p) + ".svg)\n";
    out += "\n**" + figure.id + "** " + Inline(figure.caption);
    return out + (figure.note.empty() ? "" : " " + Inline(figure.note)) + "\n\n";
  }
};

std::string LatexText(const std::string& text) {
  // The one cell of a table whose only column has no name is the text as a cell is written.
  const std::string cell = render::ToLatex({{{""}}, {{text}}});
  const size_t begin = cell.find("\\midrule\n");
  const size_t end = cell.find(" \\\\", begin);
  if (begin == std::string::npos || end == std::string::npos) return "";
  return cell.substr(begin + 9, end - begin - 9);
}

}  // namespace

std::string PanelName(const Figure& figure, size_t panel) {
  return figure.panels.size() < 2 ? figure.id : figure.id + "-" + std::to_string(panel + 1);
}

Result<std::string> DrawPicture(const Picture& picture, render::ImageFormat format) {
  return std::visit([&](const auto& p) { return render::Draw(p, format); }, picture);
}

std::string ToCsv(const Table& table) { return render::ToCsv(Plain(table, true)); }

std::string ToMarkdown(const Table& table) {
  render::Table plain = Plain(table, false);
  for (auto& row : plain.rows) {
    for (std::string& text : row) {
      std::string escaped;
      for (const char c : text) escaped += c == '<' ? "&lt;" : std::string(1, c);
      text = escaped;
    }
  }
  return "**" + table.id + "** " + Inline(table.caption) + "\n\n" + render::ToMarkdown(plain) +
         (table.note.empty() ? "" : "\n" + Inline(table.note) + "\n");
}

std::string ToLatex(const Table& table) {
  return "\\begin{table}\n\\centering\n\\caption{" + LatexText(table.caption) +
         "}\n\\label{tab:" + LatexText(table.id) + "}\n" + render::ToLatex(Plain(table, false)) +
         (table.note.empty() ? ""
                             : "\\par\\smallskip{\\footnotesize " + LatexText(table.note) + "}\n") +
         "\\end{table}\n";
}

std::string ToMarkdown(const Document& document) {
  std::string out = "# " + Inline(document.title) + "\n\n" + Inline(document.subtitle) + "\n\n";
  for (const std::string& warning : document.warnings) out += "> " + Inline(warning) + "\n\n";
  for (const auto& [name, value] : document.facts)
    out += "- " + Inline(name) + ": " + Inline(value) + "\n";
  for (const Section& section : document.sections) {
    out += "\n## " + Inline(section.title) + "\n\n";
    for (const Block& block : section.blocks) out += std::visit(BlockToMarkdown(), block);
  }
  return out;
}

}  // namespace eida::report
