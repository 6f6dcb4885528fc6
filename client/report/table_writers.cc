// One table as CSV, Markdown and LaTeX, and a document as Markdown.
#include <algorithm>

#include "client/report/writers.h"

namespace eida::report {
namespace {

constexpr size_t kWide = 40;  // characters of a cell that wants lines of its own

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

// Columns of sentences are broken into lines, each of them with its share of the page.
std::string LatexColumns(const render::Table& table) {
  std::vector<bool> wide(table.columns.size());
  for (const auto& row : table.rows) {
    for (size_t c = 0; c < row.size(); ++c) wide[c] = wide[c] || row[c].size() > kWide;
  }
  const auto count = std::count(wide.begin(), wide.end(), true);
  char share[32];
  snprintf(share, sizeof share, "p{%.2f\\linewidth}",
           0.7 / static_cast<double>(std::max<long>(count, 1)));
  std::string columns;
  for (size_t c = 0; c < wide.size(); ++c)
    columns += table.columns[c].align == render::Align::kRight ? "r" : wide[c] ? share : "l";
  return columns;
}

// Signs that LaTeX's own fonts have in mathematics only.
std::string LatexSigns(std::string text) {
  for (const auto& [sign, command] : {std::pair<std::string, std::string>{"\u2212", "$-$"},
                                      {"α", "$\\alpha$"},
                                      {"θ", "$\\theta$"}}) {
    for (size_t at = 0; (at = text.find(sign, at)) != std::string::npos; at += command.size())
      text.replace(at, sign.size(), command);
  }
  return text;
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
  const render::Table plain = Plain(table, false);
  std::string tabular = render::ToLatex(plain);
  const size_t begin = tabular.find("}{") + 2;
  tabular.replace(begin, tabular.find("}\n", begin) - begin, LatexColumns(plain));
  std::string out = "\\begin{table}\n\\centering\n\\caption{" + LatexText(table.caption) +
                    "}\n\\label{tab:" + LatexText(table.id) + "}\n" + tabular;
  if (!table.note.empty())
    out += "\\par\\smallskip{\\footnotesize " + LatexText(table.note) + "}\n";
  return LatexSigns(out + "\\end{table}\n");
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
