#include "common/render/terminal.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace eida::render {
namespace {

std::string ColorCode(Rgb color, bool background, ColorDepth depth) {
  if (depth == ColorDepth::kNone) return "";
  const auto byte = [](double c) { return static_cast<int>(std::lround(c * 255)); };
  char text[40];
  if (depth == ColorDepth::kTrue) {
    snprintf(text, sizeof text, "\033[%d;2;%d;%d;%dm", background ? 48 : 38, byte(color.r),
             byte(color.g), byte(color.b));
  } else {
    snprintf(text, sizeof text, "\033[%d;5;%dm", background ? 48 : 38, Nearest256(color));
  }
  return text;
}

const char* Reset(ColorDepth depth) { return depth == ColorDepth::kNone ? "" : "\033[0m"; }

bool Hidden(const HeatMap& map, size_t row, size_t column) {
  return map.triangle == Triangle::kLower && column > row;
}

std::string Centered(const std::string& text, int width) {
  const int space = width - DisplayWidth(text);
  if (space <= 0) return FitTo(text, width);
  return std::string(space / 2, ' ') + text + std::string(space - space / 2, ' ');
}

// One cell with its number in it.
// The value as CellText gives it or, where that would touch the next cell, to one digit: "8e-4".
std::string NarrowText(double value, int width) {
  const std::string text = CellText(value);
  if (static_cast<int>(text.size()) < width || std::abs(value) >= 1) return text;
  char digit[32];
  snprintf(digit, sizeof digit, "%.0e", value);
  const std::string short_text = digit;  // "8e-04"
  const size_t e = short_text.find('e');
  return short_text.substr(0, e + 1) + std::to_string(std::atoi(short_text.c_str() + e + 1));
}

std::string NumberCell(const HeatMap& map, size_t row, size_t column, int width, ColorDepth depth) {
  if (Hidden(map, row, column)) return std::string(width, ' ');
  const double value = map.values[row][column];
  if (!std::isfinite(value)) return Centered("-", width);
  const Rgb color = map.scale.Color(value);
  const Rgb ink = Luminance(color) > 0.408 ? Rgb{0.15, 0.15, 0.15} : Rgb{1, 1, 1};
  return ColorCode(color, true, depth) + ColorCode(ink, false, depth) +
         Centered(NarrowText(value, width), width) + Reset(depth);
}

// Two rows in one line: of two cells the upper is the glyph's colour, the lower the background's.
std::string HalfBlocks(const HeatMap& map, size_t row, ColorDepth depth) {
  std::string line;
  const size_t rows = map.values.size();
  const auto color = [&](size_t r, size_t c) -> Rgb {
    if (!std::isfinite(map.values[r][c])) return {0.35, 0.35, 0.35};
    return map.scale.Color(map.values[r][c]);
  };
  for (size_t c = 0; c < map.values[row].size(); ++c) {
    const bool upper = !Hidden(map, row, c), lower = row + 1 < rows && !Hidden(map, row + 1, c);
    if (upper && lower) {
      line += ColorCode(color(row, c), false, depth) + ColorCode(color(row + 1, c), true, depth);
      line += "▀";
    } else if (upper || lower) {
      line += Reset(depth) + ColorCode(color(upper ? row : row + 1, c), false, depth);
      line += upper ? "▀" : "▄";
    } else {
      line += Reset(depth) + std::string(" ");
    }
  }
  return line + Reset(depth);
}

using Range = std::pair<size_t, size_t>;

// Items of each group in ranges of `factor`; what is kept of them goes into `groups` and `labels`.
std::vector<Range> RangesOf(const std::vector<std::string>& whole_groups,
                            const std::vector<std::string>& whole_labels, size_t factor,
                            std::vector<std::string>* groups, std::vector<std::string>* labels) {
  std::vector<Range> ranges;
  for (const Block& block : Blocks(whole_groups)) {
    for (size_t begin = block.begin; begin < block.end; begin += factor) {
      ranges.push_back({begin, std::min(begin + factor, block.end)});
      groups->push_back(block.name);
      labels->push_back(whole_labels[begin]);
    }
  }
  return ranges;
}

// Neighbouring items of a block joined, `factor` by `factor`, so that a large map fits the
// terminal; a cell is the mean of its finite values.
HeatMap Joined(const HeatMap& map, size_t factor) {
  HeatMap joined = map;
  joined.groups.clear(), joined.labels.clear(), joined.values.clear();
  joined.column_groups.clear(), joined.column_labels.clear();
  const std::vector<Range> rows =
      RangesOf(map.groups, map.labels, factor, &joined.groups, &joined.labels);
  const std::vector<Range> columns = map.column_labels.empty()
                                         ? rows
                                         : RangesOf(map.column_groups, map.column_labels, factor,
                                                    &joined.column_groups, &joined.column_labels);
  for (const auto& [row, row_end] : rows) {
    std::vector<double>& means = joined.values.emplace_back();
    for (const auto& [column, column_end] : columns) {
      double sum = 0;
      int count = 0;
      for (size_t r = row; r < row_end; ++r) {
        for (size_t c = column; c < column_end; ++c) {
          if (std::isfinite(map.values[r][c])) sum += map.values[r][c], ++count;
        }
      }
      means.push_back(count > 0 ? sum / count : NAN);
    }
  }
  return joined;
}

// Without colour: two digits of the position on the colour scale would hide the sign, so the
// value's own digits are shown.
std::string PlainRow(const HeatMap& map, size_t row) {
  std::string line;
  for (size_t c = 0; c < map.values[row].size(); ++c) {
    const double value = map.values[row][c];
    char text[16] = "  .";
    if (!Hidden(map, row, c) && std::isfinite(value)) {
      snprintf(text, sizeof text, " %02d",
               std::min(99, static_cast<int>(std::lround(map.scale.Position(value) * 100))));
    } else if (Hidden(map, row, c)) {
      snprintf(text, sizeof text, "   ");
    }
    line += text;
  }
  return line;
}

std::string Legend(const HeatMap& map, const TerminalStyle& style) {
  const double low =
      map.scale.center ? std::min(map.scale.vmin, *map.scale.center) : map.scale.vmin;
  std::string line = map.value_label + "  " + CellText(low) + " ";
  if (style.colors != ColorDepth::kNone) {
    for (int i = 0; i < 24; ++i) {
      line += ColorCode(map.scale.Color(low + (map.scale.vmax - low) * (i + 0.5) / 24), true,
                        style.colors) +
              " ";
    }
    line += Reset(style.colors);
  } else {
    line += "..";
  }
  return line + " " + CellText(map.scale.vmax) + "\n";
}

// Group names over their columns, cut to the room that the block has.
std::string GroupHeader(const std::vector<Block>& blocks, int cell, int gap) {
  std::string line;
  for (size_t b = 0; b < blocks.size(); ++b) {
    const int width = static_cast<int>(blocks[b].end - blocks[b].begin) * cell;
    line += FitTo(blocks[b].name, width);
    if (b + 1 < blocks.size()) line += std::string(gap, ' ');
  }
  return line;
}

// Braille dots: two columns by four rows a character.
class DotPage {
 public:
  DotPage(int columns, int rows)
      : columns_(columns), dots_(columns * rows), color_(columns * rows), rows_(rows) {}
  int width() const { return columns_ * 2; }
  int height() const { return rows_ * 4; }
  void Set(int x, int y, Rgb color) {
    if (x < 0 || y < 0 || x >= width() || y >= height()) return;
    static constexpr uint8_t kBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const int cell = y / 4 * columns_ + x / 2;
    dots_[cell] |= kBits[y % 4][x % 2];
    color_[cell] = color;
  }
  void Line(int x0, int y0, int x1, int y1, Rgb color, bool dashed) {
    const int steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
    for (int i = 0; i <= steps; ++i) {
      if (dashed && i % 6 >= 3) continue;
      Set(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps, color);
    }
  }
  std::string Row(int row, const TerminalStyle& style) const {
    std::string line;
    for (int c = 0; c < columns_; ++c) {
      const uint8_t dots = dots_[row * columns_ + c];
      if (dots == 0) {
        line += ' ';
        continue;
      }
      line += ColorCode(color_[row * columns_ + c], false, style.colors) +
              Glyph(dots, style.unicode) + Reset(style.colors);
    }
    return line;
  }

 private:
  static std::string Glyph(uint8_t dots, bool unicode) {
    if (!unicode) return "*";
    const uint32_t code = 0x2800 + dots;
    return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
            static_cast<char>(0x80 | (code & 63))};
  }
  int columns_;
  std::vector<uint8_t> dots_;
  std::vector<Rgb> color_;
  int rows_;
};

// Columns for "group label" at the left of each row.
int NameWidth(const HeatMap& map, const TerminalStyle& style) {
  int width = 0;
  for (size_t i = 0; i < map.values.size(); ++i)
    width = std::max(width, DisplayWidth(map.groups[i] + " " + map.labels[i]));
  return std::min(width, std::max(12, style.width / 3));
}

}  // namespace

ColorDepth DepthFor(const std::string& color, bool is_tty, const std::string& no_color,
                    const std::string& colorterm, const std::string& term) {
  if (color == "never") return ColorDepth::kNone;
  if (color != "always" && (!is_tty || !no_color.empty() || term == "dumb"))
    return ColorDepth::kNone;
  return colorterm == "truecolor" || colorterm == "24bit" ? ColorDepth::kTrue : ColorDepth::k256;
}

Result<std::string> DrawTerminal(const HeatMap& whole, const TerminalStyle& style) {
  EIDA_RETURN_IF_ERROR(CheckSizes(whole));
  const int narrowest = style.colors == ColorDepth::kNone ? 3 : 1;
  HeatMap map = whole;
  size_t factor = 1;
  while (static_cast<int>(map.values[0].size()) * narrowest >
             style.width - NameWidth(map, style) - 1 &&
         factor < whole.values[0].size()) {
    map = Joined(whole, ++factor);
  }
  const size_t rows = map.values.size(), columns = map.values[0].size();
  const std::vector<Block> blocks = Blocks(ColumnGroups(map));
  const int names = NameWidth(map, style);
  const int separators = static_cast<int>(blocks.size()) - 1;
  const int room = style.width - names - 1;
  const int wide = (room - separators) / static_cast<int>(columns);
  const bool numbers = columns <= 20 && wide >= 5 && map.annotate != Annotate::kOff;
  const int cell = numbers ? std::min(wide, 7) : narrowest;
  std::string out = map.title + "\n";
  if (!map.subtitle.empty()) out += map.subtitle + "\n";
  if (factor > 1) {
    const std::string side = std::to_string(factor);
    out += "each cell is the mean of " + side + " x " + side + " pairs: the terminal is too narrow";
    out += " for " + std::to_string(whole.values[0].size()) + " items\n";
  }
  const std::string indent(static_cast<size_t>(names) + 1, ' ');
  if (numbers || cell == 3) out += indent + GroupHeader(blocks, cell, numbers ? 1 : 0) + "\n";
  const bool halves = !numbers && style.colors != ColorDepth::kNone;
  for (size_t row = 0; row < rows; row += halves ? 2 : 1) {
    out += FitTo(map.groups[row] + " " + map.labels[row], names) + " ";
    if (halves) {
      out += HalfBlocks(map, row, style.colors);
    } else if (!numbers) {
      out += PlainRow(map, row);
    } else {
      for (const Block& block : blocks) {
        if (block.begin > 0) out += ' ';
        for (size_t c = block.begin; c < block.end; ++c)
          out += NumberCell(map, row, c, cell, style.colors);
      }
    }
    out += '\n';
  }
  if (!numbers && style.colors == ColorDepth::kNone) {
    const ColorScale& scale = map.scale;  // a diverging one is as wide on both sides of its centre
    const double half =
        scale.center ? std::max(scale.vmax - *scale.center, *scale.center - scale.vmin) : 0;
    out += "numbers: position on the scale, 00 = " +
           CellText(scale.center ? *scale.center - half : scale.vmin) +
           ", 99 = " + CellText(scale.center ? *scale.center + half : scale.vmax) + "\n";
  }
  return out + indent + Legend(map, style);
}

Result<std::string> DrawTerminal(const LinePlot& plot, const TerminalStyle& style) {
  const Extent e = ExtentOf(plot);
  if (!std::isfinite(e.x0) || !std::isfinite(e.y0))
    return InvalidArgument("there is nothing to plot: \"" + plot.title + "\" has no finite point");
  if (plot.log_y && e.y0 <= 0) return InvalidArgument("a logarithmic axis needs values above 0");
  constexpr int kAxis = 10, kRows = 16;
  const int columns = std::clamp(style.width - kAxis - 1, 20, 100);
  DotPage page(columns, kRows);
  const double low = plot.log_y ? std::log(e.y0) : e.y0, high = plot.log_y ? std::log(e.y1) : e.y1;
  const auto px = [&](double x) {
    return static_cast<int>(std::lround((x - e.x0) / (e.x1 - e.x0) * (page.width() - 1)));
  };
  const auto py = [&](double y) {
    return static_cast<int>(
        std::lround((high - (plot.log_y ? std::log(y) : y)) / (high - low) * (page.height() - 1)));
  };
  for (size_t i = 0; i < plot.references.size(); ++i) {
    const int level = py(plot.references[i].y);
    page.Line(0, level, page.width() - 1, level, ColorOfReference(plot, i), true);
  }
  for (size_t s = 0; s < plot.series.size(); ++s) {
    const Series& series = plot.series[s];
    for (size_t i = 0; i < series.x.size() && i < series.y.size(); ++i) {
      if (!std::isfinite(series.y[i])) continue;
      const int x = px(series.x[i]), y = py(series.y[i]);
      const Rgb color = ColorOfSeries(plot, s);
      page.Set(x, y, color);
      if (series.mark != Mark::kNone)
        page.Set(x + 1, y, color), page.Set(x, y + 1, color), page.Set(x + 1, y + 1, color);
      if (!series.line || i == 0 || !std::isfinite(series.y[i - 1])) continue;
      const int from_x = px(series.x[i - 1]), from_y = py(series.y[i - 1]);
      if (series.step) page.Line(from_x, from_y, x, from_y, color, series.dashed);
      page.Line(series.step ? x : from_x, from_y, x, y, color, series.dashed);
    }
  }
  std::string out = plot.title + "\n";
  if (!plot.subtitle.empty()) out += plot.subtitle + "\n";
  for (int row = 0; row < kRows; ++row) {
    char label[kAxis + 2] = "          ";
    if (row == 0 || row == kRows - 1 || row == kRows / 2) {
      const double t = high - (high - low) * (row * 4 + 2) / (kRows * 4);
      snprintf(label, sizeof label, "%9.4g ", plot.log_y ? std::exp(t) : t);
    }
    out += std::string(label) + (style.unicode ? "│" : "|") + page.Row(row, style) + "\n";
  }
  char left[32], right[32];
  snprintf(left, sizeof left, "%.4g", e.x0);
  snprintf(right, sizeof right, "%.4g", e.x1);
  const std::string middle = plot.x_label;
  const int space = std::max(1, columns - DisplayWidth(left) - DisplayWidth(right));
  out += std::string(kAxis + 1, ' ') + left + Centered(middle, space) + right + "\n";
  for (size_t s = 0; s < plot.series.size(); ++s) {
    if (plot.series[s].label.empty()) continue;
    out += std::string(kAxis + 1, ' ') + ColorCode(ColorOfSeries(plot, s), false, style.colors) +
           (style.unicode ? "━━ " : "-- ") + Reset(style.colors) + plot.series[s].label + "\n";
  }
  for (size_t i = 0; i < plot.references.size(); ++i) {
    out += std::string(kAxis + 1, ' ') + ColorCode(ColorOfReference(plot, i), false, style.colors) +
           (style.unicode ? "╌╌ " : ".. ") + Reset(style.colors) + plot.references[i].label + "\n";
  }
  return out;
}

int DisplayWidth(const std::string& text) {
  int width = 0;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t code = size == 1 ? lead : lead & (0xFF >> (size + 1));
    for (size_t k = 1; k < size && i + k < text.size(); ++k)
      code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 63);
    const bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                      (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                      (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                      (code >= 0x1F300 && code <= 0x1FAFF);
    const bool mark = code >= 0x300 && code <= 0x36F;
    width += mark ? 0 : wide ? 2 : 1;
    i += size;
  }
  return width;
}

std::string FitTo(const std::string& text, int width) {
  if (width <= 0) return "";
  const int have = DisplayWidth(text);
  if (have <= width) return text + std::string(static_cast<size_t>(width - have), ' ');
  std::string cut = text;
  while (!cut.empty() && DisplayWidth(cut) > width - 1) {
    do cut.pop_back();
    while (!cut.empty() && (static_cast<unsigned char>(cut.back()) & 0xC0) == 0x80);
    if (!cut.empty() && static_cast<unsigned char>(cut.back()) >= 0xC0) cut.pop_back();
  }
  cut += "…";
  return cut + std::string(static_cast<size_t>(std::max(0, width - DisplayWidth(cut))), ' ');
}

}  // namespace eida::render
