#include "common/render/heatmap.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace eida::render {
namespace {

constexpr Rgb kInk = {0.13, 0.13, 0.13};
constexpr Rgb kFaint = {0.42, 0.42, 0.42};
constexpr Rgb kMissing = {0.93, 0.93, 0.93};
constexpr Rgb kWhite = {1, 1, 1};
constexpr double kMargin = 18;
constexpr double kGap = 6;  // between matrix, labels and group names
constexpr double kBarWidth = 13;
constexpr double kSeparator = 1.8;
constexpr double kTree = 54;  // height of the dendrogram
constexpr TextStyle kNote{6.5};

// Every length of the page, fixed before anything is drawn.
struct Layout {
  size_t rows = 0, columns = 0;
  double cell = 0;
  double width = 0, height = 0;  // of the matrix
  double left = 0, top = 0;      // the matrix' corner
  double label_size = 8;         // 0 = too many items for labels
  double label_width = 0;        // widest label of a row
  bool turn_columns = false;     // column labels upright
  double column_labels = 0;      // height taken by them
  bool turn_groups = false;
  double group_size = 9;
  double page_width = 0, page_height = 0;
  double bar_x = 0;
  std::vector<double> bar_ticks;
  double bar_label_x = 0;
  bool numbers = false;
  double number_size = 8;
};

double WidestOf(const std::vector<std::string>& texts, const TextStyle& style) {
  double widest = 0;
  for (const std::string& text : texts)
    widest = std::max(widest, Canvas::Measure(text, style).first);
  return widest;
}

bool Shown(const HeatMap& map, size_t row, size_t column) {
  return map.triangle == Triangle::kFull || column <= row;
}

// The lower end of the colour bar: of a diverging scale only the side that has values.
double BarLow(const ColorScale& scale) {
  return scale.center ? std::min(scale.vmin, *scale.center) : scale.vmin;
}

double StepOf(const std::vector<double>& ticks) {
  return ticks.size() > 1 ? ticks[1] - ticks[0] : 1;
}

// The largest size at which every number fits, or 0.
double NumberSize(const HeatMap& map, double cell) {
  if (map.annotate == Annotate::kOff ||
      (map.annotate == Annotate::kAuto && std::max(map.values.size(), map.values[0].size()) > 20))
    return 0;
  for (double size = 9; size >= 6.5; size -= 0.5) {
    double widest = 0;
    for (const auto& row : map.values) {
      for (double value : row) {
        if (std::isfinite(value))
          widest = std::max(widest, Canvas::Measure(CellText(value), {size}).first);
      }
    }
    if (widest <= cell - 4) return size;
  }
  return map.annotate == Annotate::kOn ? 6 : 0;
}

Layout MakeLayout(const HeatMap& map, const std::vector<Block>& row_blocks,
                  const std::vector<Block>& column_blocks) {
  Layout at;
  at.rows = map.values.size();
  at.columns = map.values[0].size();
  const size_t most = std::max(at.rows, at.columns);
  at.cell = most <= 6    ? 46
            : most <= 14 ? 35
            : most <= 20 ? 29
                         : std::max(520 / static_cast<double>(most), 3.0);
  for (const auto& row : map.notes) at.cell = std::max(at.cell, WidestOf(row, kNote) + 5);
  at.width = at.cell * static_cast<double>(at.columns);
  at.height = at.cell * static_cast<double>(at.rows);
  at.number_size = NumberSize(map, at.cell);
  at.numbers = at.number_size > 0;
  at.label_size = at.cell >= 9 ? std::min(8.5, at.cell * 0.8) : 0;
  if (at.label_size > 0) {
    at.label_width = WidestOf(map.labels, {at.label_size});
    const double below = WidestOf(ColumnLabels(map), {at.label_size});
    at.turn_columns = below > at.cell - 2;
    at.column_labels = at.turn_columns ? below : Canvas::Measure("0", {at.label_size}).second;
  }
  const TextStyle group_style{at.group_size, true};
  double beside = 0, below = 0;  // widest name of a group
  for (const Block& block : row_blocks)
    beside = std::max(beside, Canvas::Measure(block.name, group_style).first);
  for (const Block& block : column_blocks) {
    const double width = Canvas::Measure(block.name, group_style).first;
    below = std::max(below, width);
    if (width > static_cast<double>(block.end - block.begin) * at.cell - 4) at.turn_groups = true;
  }
  const double group_height = below == 0       ? 0
                              : at.turn_groups ? below
                                               : Canvas::Measure("Xg", group_style).second;
  at.left = kMargin + beside + (beside > 0 ? kGap + 4 : 0) + at.label_width + kGap;
  at.top = kMargin + (map.title.empty() ? 0 : 21) + (map.subtitle.empty() ? 0 : 15) + 8 +
           (map.tree ? kTree + kGap : 0);
  at.bar_x = at.left + at.width + 20;
  at.bar_ticks = Ticks(BarLow(map.scale), map.scale.vmax,
                       static_cast<int>(std::clamp(at.height / 34, 2.0, 8.0)));
  std::vector<std::string> tick_texts;
  for (double tick : at.bar_ticks) tick_texts.push_back(TickText(tick, StepOf(at.bar_ticks)));
  at.bar_label_x = at.bar_x + kBarWidth + 6 + WidestOf(tick_texts, {8}) + 14;
  const double head = std::max(map.title.empty() ? 0 : Canvas::Measure(map.title, {14, true}).first,
                               map.subtitle.empty() ? 0 : Canvas::Measure(map.subtitle, {9}).first);
  at.page_width = std::max(at.bar_label_x + 6, kMargin + head) + kMargin;
  at.page_height = at.top + at.height + kGap + at.column_labels +
                   (group_height > 0 ? kGap + 4 + group_height : 0) + kMargin;
  return at;
}

void DrawHead(Canvas& canvas, const HeatMap& map) {
  double y = kMargin;
  if (!map.title.empty()) {
    canvas.Text(map.title, {kMargin, y}, {0, 0}, {14, true, kInk});
    y += 21;
  }
  if (!map.subtitle.empty()) canvas.Text(map.subtitle, {kMargin, y}, {0, 0}, {9, false, kFaint});
}

void DrawCells(Canvas& canvas, const HeatMap& map, const Layout& at) {
  for (size_t row = 0; row < at.rows; ++row) {
    for (size_t column = 0; column < at.columns; ++column) {
      if (!Shown(map, row, column)) continue;
      const double x = at.left + static_cast<double>(column) * at.cell;
      const double y = at.top + static_cast<double>(row) * at.cell;
      const double value = map.values[row][column];
      if (!std::isfinite(value)) {
        canvas.FillRect(x, y, at.cell, at.cell, kMissing);
        canvas.HatchRect(x, y, at.cell, at.cell, {0.75, 0.75, 0.75});
        continue;
      }
      const Rgb color = map.scale.Color(value);
      canvas.FillRect(x, y, at.cell, at.cell, color);
      if (at.numbers) {
        const Rgb ink = Luminance(color) > 0.408 ? Rgb{0.15, 0.15, 0.15} : kWhite;
        const bool noted = !map.notes.empty() && !map.notes[row][column].empty();
        const Point middle{x + at.cell / 2, y + at.cell / 2};
        canvas.Text(CellText(value), middle, {0.5, noted ? 1.0 : 0.5},
                    {at.number_size, false, ink});
        if (noted) {
          TextStyle note = kNote;
          note.color = ink;
          canvas.Text(map.notes[row][column], {middle.x, middle.y + 2}, {0.5, 0}, note);
        }
      }
    }
  }
}

void DrawSeparators(Canvas& canvas, const HeatMap& map, const std::vector<Block>& row_blocks,
                    const std::vector<Block>& column_blocks, const Layout& at) {
  const bool lower = map.triangle == Triangle::kLower;
  for (const Block& block : column_blocks) {
    if (block.begin == 0) continue;
    const double d = static_cast<double>(block.begin) * at.cell;
    canvas.Line({at.left + d, at.top + (lower ? d : 0)}, {at.left + d, at.top + at.height}, kWhite,
                kSeparator);
  }
  for (const Block& block : row_blocks) {
    if (block.begin == 0) continue;
    const double d = static_cast<double>(block.begin) * at.cell;
    canvas.Line({at.left, at.top + d}, {at.left + (lower ? d : at.width), at.top + d}, kWhite,
                kSeparator);
  }
  if (!lower) canvas.StrokeRect(at.left, at.top, at.width, at.height, kInk, 0.6);
}

void DrawLabels(Canvas& canvas, const HeatMap& map, const Layout& at) {
  if (at.label_size == 0) return;
  const TextStyle upright{at.label_size, false, kInk};
  TextStyle turned = upright;
  turned.degrees = -90;
  for (size_t i = 0; i < at.rows; ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * at.cell;
    canvas.Text(map.labels[i], {at.left - kGap, at.top + middle}, {1, 0.5}, upright);
  }
  for (size_t i = 0; i < at.columns; ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * at.cell;
    const Point below{at.left + middle, at.top + at.height + kGap};
    if (at.turn_columns)
      canvas.Text(ColumnLabels(map)[i], below, {1, 0.5}, turned);
    else
      canvas.Text(ColumnLabels(map)[i], below, {0.5, 0}, upright);
  }
  const Point corner{at.left - kGap, at.top + at.height + kGap};
  canvas.Text(map.label_name, corner, {1, 0}, {at.label_size, false, kFaint});
}

void DrawGroups(Canvas& canvas, const std::vector<Block>& row_blocks,
                const std::vector<Block>& column_blocks, const Layout& at) {
  const TextStyle style{at.group_size, true, kInk};
  TextStyle turned = style;
  turned.degrees = -90;
  const double row_line = at.left - kGap - at.label_width - kGap + 1;
  for (const Block& block : row_blocks) {
    if (block.name.empty()) continue;
    const double begin = at.top + static_cast<double>(block.begin) * at.cell + 2,
                 end = at.top + static_cast<double>(block.end) * at.cell - 2;
    canvas.Line({row_line, begin}, {row_line, end}, kFaint, 0.9);
    canvas.Text(block.name, {row_line - 4, (begin + end) / 2}, {1, 0.5}, style);
  }
  const double column_line = at.top + at.height + kGap + at.column_labels + kGap - 1;
  for (const Block& block : column_blocks) {
    if (block.name.empty()) continue;
    const double begin = at.left + static_cast<double>(block.begin) * at.cell + 2,
                 end = at.left + static_cast<double>(block.end) * at.cell - 2;
    canvas.Line({begin, column_line}, {end, column_line}, kFaint, 0.9);
    if (at.turn_groups)
      canvas.Text(block.name, {(begin + end) / 2, column_line + 4}, {1, 0.5}, turned);
    else
      canvas.Text(block.name, {(begin + end) / 2, column_line + 3}, {0.5, 0}, style);
  }
}

// Each merge as an arch over its two clusters, as high as its height is of the highest.
void DrawTree(Canvas& canvas, const Linkage& tree, const Layout& at) {
  const size_t n = tree.leaves.size();
  double highest = 0;
  for (const Merge& merge : tree.merges) highest = std::max(highest, merge.height);
  const double ground = at.top - kGap / 2;
  std::vector<Point> tops(n);  // of each cluster's arch
  for (size_t k = 0; k < n; ++k)
    tops[tree.leaves[k]] = {at.left + (static_cast<double>(k) + 0.5) * at.cell, ground};
  for (const Merge& merge : tree.merges) {
    const Point left = tops[merge.left], right = tops[merge.right];
    const double y = ground - (highest > 0 ? merge.height / highest : 0) * kTree;
    canvas.Line(left, {left.x, y}, kFaint, 0.9);
    canvas.Line({left.x, y}, {right.x, y}, kFaint, 0.9);
    canvas.Line({right.x, y}, right, kFaint, 0.9);
    tops.push_back({(left.x + right.x) / 2, y});
  }
}

void DrawBar(Canvas& canvas, const HeatMap& map, const Layout& at) {
  const double height = std::max(at.height, 60.0);
  const double low = BarLow(map.scale), high = map.scale.vmax;
  constexpr int kSteps = 128;
  for (int i = 0; i < kSteps; ++i) {
    const double value = high - (high - low) * (i + 0.5) / kSteps;
    canvas.FillRect(at.bar_x, at.top + height * i / kSteps, kBarWidth, height / kSteps + 0.6,
                    map.scale.Color(value));
  }
  const double step = StepOf(at.bar_ticks);
  for (double tick : at.bar_ticks) {
    const double y = at.top + height * (high - tick) / (high - low);
    canvas.Line({at.bar_x + kBarWidth, y}, {at.bar_x + kBarWidth + 3, y}, kInk);
    canvas.Text(TickText(tick, step), {at.bar_x + kBarWidth + 6, y}, {0, 0.5}, {8, false, kInk});
  }
  canvas.Text(map.value_label, {at.bar_label_x, at.top + height / 2}, {0.5, 0.5},
              {9, false, kInk, -90});
}

}  // namespace

std::vector<Block> Blocks(const std::vector<std::string>& groups) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (blocks.empty() || blocks.back().name != groups[i]) blocks.push_back({groups[i], i, i});
    blocks.back().end = i + 1;
  }
  return blocks;
}

std::string CellText(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.2g", value);
  return std::fabs(value) < 5e-5 && value != 0 ? "~0" : text;
}

Status CheckSizes(const HeatMap& map) {
  const size_t rows = map.values.size(), columns = ColumnLabels(map).size();
  if (rows == 0 || columns == 0) return InvalidArgument("a heat map of no items cannot be drawn");
  if (map.groups.size() != rows || map.labels.size() != rows ||
      ColumnGroups(map).size() != columns || map.column_groups.empty() != map.column_labels.empty())
    return InvalidArgument("a heat map needs a group and a label for each row and column");
  for (const auto& row : map.values) {
    if (row.size() != columns)
      return InvalidArgument(
          map.column_labels.empty()
              ? "a heat map's matrix must be square when its columns are its rows"
              : "each row of a heat map needs a value for each column");
  }
  bool noted = map.notes.empty() || map.notes.size() == rows;
  for (const auto& row : map.notes) noted = noted && row.size() == columns;
  if (!noted) return InvalidArgument("a heat map's notes need a text for each cell");
  if (map.triangle == Triangle::kLower && !map.column_labels.empty())
    return InvalidArgument("only a map of items against themselves has a lower triangle");
  const bool tree =
      !map.tree || (map.tree->leaves.size() == columns && map.tree->merges.size() + 1 == columns);
  return tree ? OkStatus() : InvalidArgument("a heat map's tree needs a leaf for each column");
}

Result<std::string> Draw(const HeatMap& map, ImageFormat format) {
  EIDA_RETURN_IF_ERROR(CheckSizes(map));
  const std::vector<Block> row_blocks = Blocks(map.groups),
                           column_blocks = Blocks(ColumnGroups(map));
  const Layout at = MakeLayout(map, row_blocks, column_blocks);
  Canvas canvas(format, at.page_width, at.page_height);
  DrawHead(canvas, map);
  if (map.tree) DrawTree(canvas, *map.tree, at);
  DrawCells(canvas, map, at);
  DrawSeparators(canvas, map, row_blocks, column_blocks, at);
  DrawLabels(canvas, map, at);
  DrawGroups(canvas, row_blocks, column_blocks, at);
  DrawBar(canvas, map, at);
  return canvas.Finish();
}

}  // namespace eida::render
