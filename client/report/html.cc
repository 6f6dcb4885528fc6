#include <set>

#include "client/report/html_style.h"
#include "client/report/writers.h"
#include "common/base/text.h"

namespace eida::report {
namespace {

std::string Tag(const std::string& name, const std::string& text, const std::string& css = "") {
  return "<" + name + (css.empty() ? "" : " class=\"" + css + "\"") + ">" + HtmlEscape(text) +
         "</" + name + ">";
}

std::string Anchor(const std::string& id) {
  std::string out;
  for (const char c : id) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    out += plain ? c : '-';
  }
  return "x-" + out;
}

std::string ToneClass(Tone tone) {
  return tone == Tone::kGood    ? "good"
         : tone == Tone::kBad   ? "bad"
         : tone == Tone::kMuted ? "muted"
                                : "";
}

void ReplaceAll(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// A drawing within the page: its names are made its own, as all drawings of a page share one space
// of names, and its size is left to the page.
Result<std::string> InlineSvg(const Picture& picture, const std::string& name) {
  EIDA_ASSIGN_OR_RETURN(std::string svg, DrawPicture(picture, render::ImageFormat::kSvg));
  const size_t begin = svg.find("<svg");
  if (begin == std::string::npos) return Internal("the drawing of " + name + " is no SVG");
  svg.erase(0, begin);
  const std::string own = Anchor(name) + "-";
  ReplaceAll(svg, " id=\"", " id=\"" + own);
  ReplaceAll(svg, "xlink:href=\"#", "xlink:href=\"#" + own);
  ReplaceAll(svg, "url(#", "url(#" + own);
  return svg;
}

constexpr size_t kWide = 28;  // characters that a text of a cell may have before it is broken

// Its column's name is what stands in front of it where rows are stacked (narrow screens).
std::string CellTag(const Grid& grid, const Grid::Row& row, size_t c, bool stacks) {
  std::string css = grid.columns[c].align == render::Align::kRight ? "r"
                    : row.cells[c].text.size() > kWide             ? "w"
                                                                   : "s";
  const std::string tone = ToneClass(row.cells[c].tone);
  if (!tone.empty()) css += " " + tone;
  return "<td class=\"" + css + "\"" +
         (stacks ? " data-label=\"" + HtmlEscape(grid.columns[c].name) + "\"" : "") + ">" +
         HtmlEscape(row.cells[c].text) + "</td>";
}

// Tables of sentences: on a narrow screen their rows are stacked, where others scroll.
bool Stacks(const Grid& grid) {
  for (const Grid::Row& row : grid.rows) {
    for (const Grid::Cell& cell : row.cells) {
      if (!row.heading && cell.text.size() > kWide) return true;
    }
  }
  return false;
}

constexpr size_t kManyItems = 12;  // of a matrix that wants the whole width

std::string Layout(const Figure& figure) {
  const auto* map = std::get_if<render::HeatMap>(&figure.panels[0]);
  if (figure.panels.size() != 1) return map == nullptr ? " plots" : "";
  return map != nullptr && map->values.size() > kManyItems ? " wide" : " one";
}

class HtmlBlocks {
 public:
  Result<std::string> operator()(const Paragraph& p) const { return Tag("p", p.text) + "\n"; }
  Result<std::string> operator()(const List& list) const {
    std::string out = "<ul>\n";
    for (const std::string& item : list.items) out += Tag("li", item) + "\n";
    return out + "</ul>\n";
  }
  Result<std::string> operator()(const Code& code) const { return Tag("pre", code.text) + "\n"; }

  Result<std::string> operator()(const Table& table) const {
    const Grid grid = Expand(table, false);
    const bool stacks = Stacks(grid);
    std::string out = "<div class=\"table\" id=\"" + Anchor(table.id) + "\">\n";
    out += "<p class=\"caption\"><span class=\"label\">" + HtmlEscape(table.id) + ".</span> " +
           HtmlEscape(table.caption) + "</p>\n<div class=\"scroll\" tabindex=\"0\"><table" +
           std::string(stacks ? " class=\"stack\"" : "") + "><thead><tr>";
    for (const render::Column& column : grid.columns)
      out += "<th scope=\"col\"" +
             std::string(column.align == render::Align::kRight ? " class=\"r\"" : "") + ">" +
             HtmlEscape(column.name) + "</th>";
    out += "</tr></thead><tbody>\n";
    for (const Grid::Row& row : grid.rows) {
      if (row.heading) {
        out += "<tr class=\"group\"><td colspan=\"" + std::to_string(grid.columns.size()) + "\">" +
               HtmlEscape(row.cells[0].text) + "</td></tr>\n";
        continue;
      }
      out += "<tr>";
      for (size_t c = 0; c < row.cells.size(); ++c) out += CellTag(grid, row, c, stacks);
      out += "</tr>\n";
    }
    out += "</tbody></table></div>\n";
    if (!table.note.empty()) out += Tag("p", table.note, "note") + "\n";
    return out + "</div>\n";
  }

  Result<std::string> operator()(const Figure& figure) const {
    std::string out =
        "<figure id=\"" + Anchor(figure.id) + "\">\n<div class=\"panels" + Layout(figure) + "\">\n";
    for (size_t p = 0; p < figure.panels.size(); ++p) {
      EIDA_ASSIGN_OR_RETURN(const std::string svg,
                            InlineSvg(figure.panels[p], PanelName(figure, p)));
      const std::string title =
          std::visit([](const auto& picture) { return picture.title; }, figure.panels[p]);
      out += "<div class=\"panel\" role=\"img\" aria-label=\"" + HtmlEscape(title) + "\">" + svg +
             "</div>\n";
    }
    out += "</div>\n<figcaption><span class=\"label\">" + HtmlEscape(figure.id) + ".</span> " +
           HtmlEscape(figure.caption) + "</figcaption>\n";
    if (!figure.note.empty()) out += Tag("p", figure.note, "note") + "\n";
    return out + "</figure>\n";
  }
};

// The ids of a section's tables and figures, as links.
std::string Tags(const Section& section) {
  std::string out;
  const auto add = [&](const std::string& id) {
    out += "<a href=\"#" + Anchor(id) + "\">" + HtmlEscape(id) + "</a> ";
  };
  for (const Block& block : section.blocks) {
    if (const auto* table = std::get_if<Table>(&block); table != nullptr && table->listed)
      add(table->id);
    if (const auto* figure = std::get_if<Figure>(&block)) add(figure->id);
  }
  return out.empty() ? "" : " <span class=\"tags\">" + out + "</span>";
}

std::string Contents(const Document& document) {
  std::string out = "<nav aria-label=\"Contents\"><b>Contents</b>\n<ol>\n";
  for (const Section& section : document.sections)
    out += "<li><a href=\"#" + Anchor("s-" + section.id) + "\">" + HtmlEscape(section.title) +
           "</a>" + Tags(section) + "</li>\n";
  return out + "</ol></nav>\n";
}

}  // namespace

Result<std::string> ToHtml(const Document& document) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n" +
      Tag("title", document.title) + "\n<style>" + kHtmlStyle +
      "</style>\n</head>\n<body>\n<main class=\"page\">\n" + Tag("h1", document.title) + "\n" +
      Tag("p", document.subtitle, "subtitle") + "\n";
  for (const std::string& warning : document.warnings)
    out += "<div class=\"warning\" role=\"alert\">" + HtmlEscape(warning) + "</div>\n";
  out += "<dl class=\"facts\">\n";
  for (const auto& [name, value] : document.facts) out += Tag("dt", name) + Tag("dd", value) + "\n";
  out += "</dl>\n" + Contents(document);
  for (const Section& section : document.sections) {
    out += "<section id=\"" + Anchor("s-" + section.id) + "\">\n" + Tag("h2", section.title) + "\n";
    for (const Block& block : section.blocks) {
      EIDA_ASSIGN_OR_RETURN(const std::string html, std::visit(HtmlBlocks(), block));
      out += html;
    }
    out += "</section>\n";
  }
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace eida::report
