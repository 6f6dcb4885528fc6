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

// Every length of the page, fixed before anything is drawn.
struct Layout {
  size_t n = 0;
  double cell = 0;
  double matrix = 0;          // side
  double left = 0, top = 0;   // the matrix' corner
  double label_size = 8;      // 0 = too many items for labels
  double label_width = 0;     // widest label
  bool turn_columns = false;  // column labels upright
  double column_labels = 0;   // height taken by them
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
  if (map.annotate == Annotate::kOff || (map.annotate == Annotate::kAuto && map.values.size() > 20))
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

Layout MakeLayout(const HeatMap& map, const std::vector<Block>& blocks) {
  Layout at;
  at.n = map.values.size();
  const double n = static_cast<double>(std::max<size_t>(at.n, 1));
  at.cell = at.n <= 6 ? 46 : at.n <= 14 ? 35 : at.n <= 20 ? 29 : std::max(520 / n, 3.0);
  at.matrix = at.cell * n;
  at.number_size = NumberSize(map, at.cell);
  at.numbers = at.number_size > 0;
  at.label_size = at.cell >= 9 ? std::min(8.5, at.cell * 0.8) : 0;
  if (at.label_size > 0) {
    at.label_width = WidestOf(map.labels, {at.label_size});
    at.turn_columns = at.label_width > at.cell - 2;
    at.column_labels =
        at.turn_columns ? at.label_width : Canvas::Measure("0", {at.label_size}).second;
  }
  const TextStyle group_style{at.group_size, true};
  double group_width = 0;
  for (const Block& block : blocks) {
    const double width = Canvas::Measure(block.name, group_style).first;
    group_width = std::max(group_width, width);
    if (width > static_cast<double>(block.end - block.begin) * at.cell - 4) at.turn_groups = true;
  }
  const double group_height =
      at.turn_groups ? group_width : Canvas::Measure("Xg", group_style).second;
  at.left = kMargin + group_width + (group_width > 0 ? kGap + 4 : 0) + at.label_width + kGap;
  at.top = kMargin + (map.title.empty() ? 0 : 21) + (map.subtitle.empty() ? 0 : 15) + 8;
  at.bar_x = at.left + at.matrix + 20;
  at.bar_ticks = Ticks(BarLow(map.scale), map.scale.vmax,
                       static_cast<int>(std::clamp(at.matrix / 34, 2.0, 8.0)));
  std::vector<std::string> tick_texts;
  for (double tick : at.bar_ticks) tick_texts.push_back(TickText(tick, StepOf(at.bar_ticks)));
  at.bar_label_x = at.bar_x + kBarWidth + 6 + WidestOf(tick_texts, {8}) + 14;
  const double head = std::max(map.title.empty() ? 0 : Canvas::Measure(map.title, {14, true}).first,
                               map.subtitle.empty() ? 0 : Canvas::Measure(map.subtitle, {9}).first);
  at.page_width = std::max(at.bar_label_x + 6, kMargin + head) + kMargin;
  at.page_height = at.top + at.matrix + kGap + at.column_labels +
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
  for (size_t row = 0; row < at.n; ++row) {
    for (size_t column = 0; column < at.n; ++column) {
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
        canvas.Text(CellText(value), {x + at.cell / 2, y + at.cell / 2}, {0.5, 0.5},
                    {at.number_size, false, ink});
      }
    }
  }
}

void DrawSeparators(Canvas& canvas, const HeatMap& map, const std::vector<Block>& blocks,
                    const Layout& at) {
  for (const Block& block : blocks) {
    if (block.begin == 0) continue;
    const double d = static_cast<double>(block.begin) * at.cell;
    const bool lower = map.triangle == Triangle::kLower;
    canvas.Line({at.left + d, at.top + (lower ? d : 0)}, {at.left + d, at.top + at.matrix}, kWhite,
                kSeparator);
    canvas.Line({at.left, at.top + d}, {at.left + (lower ? d : at.matrix), at.top + d}, kWhite,
                kSeparator);
  }
  if (map.triangle == Triangle::kFull)
    canvas.StrokeRect(at.left, at.top, at.matrix, at.matrix, kInk, 0.6);
}

void DrawLabels(Canvas& canvas, const HeatMap& map, const Layout& at) {
  if (at.label_size == 0) return;
  const TextStyle upright{at.label_size, false, kInk};
  TextStyle turned = upright;
  turned.degrees = -90;
  for (size_t i = 0; i < at.n; ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * at.cell;
    canvas.Text(map.labels[i], {at.left - kGap, at.top + middle}, {1, 0.5}, upright);
    const Point below{at.left + middle, at.top + at.matrix + kGap};
    if (at.turn_columns)
      canvas.Text(map.labels[i], below, {1, 0.5}, turned);
    else
      canvas.Text(map.labels[i], below, {0.5, 0}, upright);
  }
  const Point corner{at.left - kGap, at.top + at.matrix + kGap};
  canvas.Text(map.label_name, corner, {1, 0}, {at.label_size, false, kFaint});
}

void DrawGroups(Canvas& canvas, const std::vector<Block>& blocks, const Layout& at) {
  const TextStyle style{at.group_size, true, kInk};
  TextStyle turned = style;
  turned.degrees = -90;
  const double row_line = at.left - kGap - at.label_width - kGap + 1;
  const double column_line = at.top + at.matrix + kGap + at.column_labels + kGap - 1;
  for (const Block& block : blocks) {
    if (block.name.empty()) continue;
    const double begin = static_cast<double>(block.begin) * at.cell + 2,
                 end = static_cast<double>(block.end) * at.cell - 2;
    const double middle = (begin + end) / 2;
    canvas.Line({row_line, at.top + begin}, {row_line, at.top + end}, kFaint, 0.9);
    canvas.Text(block.name, {row_line - 4, at.top + middle}, {1, 0.5}, style);
    canvas.Line({at.left + begin, column_line}, {at.left + end, column_line}, kFaint, 0.9);
    if (at.turn_groups)
      canvas.Text(block.name, {at.left + middle, column_line + 4}, {1, 0.5}, turned);
    else
      canvas.Text(block.name, {at.left + middle, column_line + 3}, {0.5, 0}, style);
  }
}

void DrawBar(Canvas& canvas, const HeatMap& map, const Layout& at) {
  const double height = std::max(at.matrix, 60.0);
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

Result<std::string> Draw(const HeatMap& map, ImageFormat format) {
  const size_t n = map.values.size();
  if (n == 0) return InvalidArgument("a heat map of no items cannot be drawn");
  if (map.groups.size() != n || map.labels.size() != n)
    return InvalidArgument("a heat map needs a group and a label for each item");
  for (const auto& row : map.values) {
    if (row.size() != n) return InvalidArgument("a heat map's matrix must be square");
  }
  const std::vector<Block> blocks = Blocks(map.groups);
  const Layout at = MakeLayout(map, blocks);
  Canvas canvas(format, at.page_width, at.page_height);
  DrawHead(canvas, map);
  DrawCells(canvas, map, at);
  DrawSeparators(canvas, map, blocks, at);
  DrawLabels(canvas, map, at);
  DrawGroups(canvas, blocks, at);
  DrawBar(canvas, map, at);
  return canvas.Finish();
}

}  // namespace eida::render
