#include "common/render/plot.h"

#include <algorithm>
#include <cmath>

#include "common/render/scale.h"

namespace eida::render {
namespace {

constexpr Rgb kInk = {0.13, 0.13, 0.13};
constexpr Rgb kFaint = {0.42, 0.42, 0.42};
constexpr Rgb kGrid = {0.90, 0.90, 0.90};
constexpr double kMargin = 18;
constexpr double kWidth = 430, kHeight = 270;  // the axes' box

struct Frame {
  Extent extent;
  bool log_y = false;
  double left = 0, top = 0;
  double X(double x) const { return left + kWidth * (x - extent.x0) / (extent.x1 - extent.x0); }
  double Y(double y) const {
    const double low = log_y ? std::log(extent.y0) : extent.y0,
                 high = log_y ? std::log(extent.y1) : extent.y1;
    return top + kHeight * (1 - ((log_y ? std::log(y) : y) - low) / (high - low));
  }
};

void DrawAxes(Canvas& canvas, const LinePlot& plot, const Frame& frame) {
  const Extent& e = frame.extent;
  const std::vector<double> xs = Ticks(e.x0, e.x1, 7);
  const std::vector<double> ys = plot.log_y ? LogTicks(e.y0, e.y1) : Ticks(e.y0, e.y1, 6);
  const double xstep = xs.size() > 1 ? xs[1] - xs[0] : 1, ystep = ys.size() > 1 ? ys[1] - ys[0] : 1;
  const TextStyle style{8.5, false, kInk};
  double widest = 0;
  for (double y : ys) {
    canvas.Line({frame.left, frame.Y(y)}, {frame.left + kWidth, frame.Y(y)}, kGrid);
    const std::string text = plot.log_y ? TickText(y, y) : TickText(y, ystep);
    widest = std::max(widest, Canvas::Measure(text, style).first);
    canvas.Text(text, {frame.left - 5, frame.Y(y)}, {1, 0.5}, style);
  }
  for (double x : xs) {
    canvas.Line({frame.X(x), frame.top + kHeight}, {frame.X(x), frame.top + kHeight + 3.5}, kInk);
    canvas.Text(TickText(x, xstep), {frame.X(x), frame.top + kHeight + 5}, {0.5, 0}, style);
  }
  canvas.Line({frame.left, frame.top + kHeight}, {frame.left + kWidth, frame.top + kHeight}, kInk,
              0.8);
  canvas.Line({frame.left, frame.top}, {frame.left, frame.top + kHeight}, kInk, 0.8);
  canvas.Text(plot.x_label, {frame.left + kWidth / 2, frame.top + kHeight + 21}, {0.5, 0},
              {9.5, false, kInk});
  canvas.Text(plot.y_label, {frame.left - widest - 13, frame.top + kHeight / 2}, {0.5, 1},
              {9.5, false, kInk, -90});
}

void DrawBand(Canvas& canvas, const Series& series, const Frame& frame, Rgb color) {
  if (series.low.size() != series.x.size() || series.high.size() != series.x.size()) return;
  std::vector<Point> outline;
  const double floor = frame.log_y ? frame.extent.y0 : -INFINITY;
  for (size_t i = 0; i < series.x.size(); ++i)
    outline.push_back({frame.X(series.x[i]), frame.Y(std::max(series.low[i], floor))});
  for (size_t i = series.x.size(); i-- > 0;)
    outline.push_back({frame.X(series.x[i]), frame.Y(series.high[i])});
  canvas.FillPolygon(outline, color, 0.16);
}

void DrawMark(Canvas& canvas, Mark mark, Point at, Rgb color) {
  if (mark == Mark::kDisc) canvas.Disc(at, 2.6, color, color);
  if (mark == Mark::kRing) canvas.Disc(at, 2.6, {1, 1, 1}, color);
}

void DrawSeries(Canvas& canvas, const Series& series, const Frame& frame, Rgb color) {
  std::vector<Point> piece, line;
  const auto flush = [&] {
    for (const Point& p : piece) {
      if (series.step && !line.empty()) line.push_back({p.x, line.back().y});
      line.push_back(p);
    }
    if (series.line && line.size() > 1) canvas.Polyline(line, color, 1.5, series.dashed);
    for (const Point& p : piece) DrawMark(canvas, series.mark, p, color);
    piece.clear();
    line.clear();
  };
  for (size_t i = 0; i < series.x.size() && i < series.y.size(); ++i) {
    if (std::isfinite(series.y[i]))
      piece.push_back({frame.X(series.x[i]), frame.Y(series.y[i])});
    else
      flush();
  }
  flush();
}

void DrawShade(Canvas& canvas, const LinePlot& plot, const Frame& frame, Rgb color) {
  std::vector<Point> outline;
  for (size_t i = 0; i < plot.shade_x.size(); ++i)
    outline.push_back({frame.X(plot.shade_x[i]), frame.Y(plot.shade_low[i])});
  for (size_t i = plot.shade_x.size(); i-- > 0;)
    outline.push_back({frame.X(plot.shade_x[i]), frame.Y(plot.shade_high[i])});
  if (outline.size() > 2) canvas.FillPolygon(outline, color, 0.25);
}

// To the right of the axes, one entry a line.
void DrawLegend(Canvas& canvas, const LinePlot& plot, const Frame& frame, Rgb shade) {
  const double x = frame.left + kWidth + 14;
  double y = frame.top + 6;
  const TextStyle style{8.5, false, kInk};
  for (size_t i = 0; i < plot.series.size(); ++i) {
    const Series& series = plot.series[i];
    if (series.label.empty()) continue;
    const Rgb color = ColorOfSeries(plot, i);
    if (series.line) canvas.Line({x, y}, {x + 18, y}, color, 1.8, series.dashed);
    DrawMark(canvas, series.mark, {x + 9, y}, color);
    canvas.Text(series.label, {x + 24, y}, {0, 0.5}, style);
    y += 15;
  }
  if (!plot.shade_label.empty()) {
    canvas.FillRect(x, y - 4, 18, 8, shade, 0.25);
    canvas.Text(plot.shade_label, {x + 24, y}, {0, 0.5}, style);
    y += 15;
  }
  for (size_t i = 0; i < plot.references.size(); ++i) {
    canvas.Line({x, y}, {x + 18, y}, ColorOfReference(plot, i), 1.2, true);
    canvas.Text(plot.references[i].label, {x + 24, y}, {0, 0.5}, style);
    y += 15;
  }
}

double LegendWidth(const LinePlot& plot) {
  double width = 0;
  const TextStyle style{8.5};
  for (const Series& s : plot.series)
    width = std::max(width, s.label.empty() ? 0 : Canvas::Measure(s.label, style).first);
  for (const Reference& r : plot.references)
    width = std::max(width, Canvas::Measure(r.label, style).first);
  if (!plot.shade_label.empty())
    width = std::max(width, Canvas::Measure(plot.shade_label, style).first);
  return width > 0 ? width + 42 : 0;
}

}  // namespace

Rgb ColorOfSeries(const LinePlot& plot, size_t index) {
  return plot.series[index].color.value_or(SeriesColor(index));
}

Rgb ColorOfReference(const LinePlot& plot, size_t index) {
  return plot.references[index].color.value_or(
      index == 0 ? kFaint : SeriesColor(plot.series.size() + index - 1));
}

Extent ExtentOf(const LinePlot& plot) {
  Extent e{INFINITY, -INFINITY, INFINITY, -INFINITY};
  const auto see = [](double value, double& low, double& high) {
    if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  };
  for (const Series& s : plot.series) {
    for (double x : s.x) see(x, e.x0, e.x1);
    for (double y : s.y) see(y, e.y0, e.y1);
    for (double y : s.low)
      if (!plot.log_y || y > 0) see(y, e.y0, e.y1);
    for (double y : s.high) see(y, e.y0, e.y1);
  }
  for (const Reference& r : plot.references) see(r.y, e.y0, e.y1);
  if (e.x1 <= e.x0) e.x0 -= 0.5, e.x1 += 0.5;
  if (e.y1 <= e.y0) {
    const double air = std::max(std::fabs(e.y0) * 0.05, 1e-3);
    e.y0 = plot.log_y ? e.y0 / 1.1 : e.y0 - air, e.y1 = plot.log_y ? e.y1 * 1.1 : e.y1 + air;
  } else if (plot.log_y) {
    const double air = std::pow(e.y1 / e.y0, 0.05);
    e.y0 /= air, e.y1 *= air;
  } else {
    const double air = 0.05 * (e.y1 - e.y0);
    e.y0 -= air, e.y1 += air;
  }
  return e;
}

Result<std::string> Draw(const LinePlot& plot, ImageFormat format) {
  Frame frame{ExtentOf(plot), plot.log_y, 0, 0};
  if (!std::isfinite(frame.extent.x0) || !std::isfinite(frame.extent.y0)) {
    return InvalidArgument("there is nothing to plot: \"" + plot.title + "\" has no finite point");
  }
  if (plot.log_y && frame.extent.y0 <= 0)
    return InvalidArgument("a logarithmic axis needs values above 0");
  frame.left = kMargin + 62;
  frame.top = kMargin + (plot.title.empty() ? 0 : 21) + (plot.subtitle.empty() ? 0 : 15) + 8;
  const double head =
      std::max(plot.title.empty() ? 0 : Canvas::Measure(plot.title, {14, true}).first,
               plot.subtitle.empty() ? 0 : Canvas::Measure(plot.subtitle, {9}).first);
  const double width = std::max(frame.left + kWidth + LegendWidth(plot), kMargin + head) + kMargin;
  Canvas canvas(format, width, frame.top + kHeight + 40 + kMargin);
  double y = kMargin;
  if (!plot.title.empty()) canvas.Text(plot.title, {kMargin, y}, {0, 0}, {14, true, kInk}), y += 21;
  if (!plot.subtitle.empty()) canvas.Text(plot.subtitle, {kMargin, y}, {0, 0}, {9, false, kFaint});
  DrawAxes(canvas, plot, frame);
  const Rgb shade = SeriesColor(1);
  canvas.BeginClip(frame.left - 4, frame.top - 4, kWidth + 8, kHeight + 8);
  DrawShade(canvas, plot, frame, shade);
  for (size_t i = 0; i < plot.series.size(); ++i)
    DrawBand(canvas, plot.series[i], frame, ColorOfSeries(plot, i));
  for (size_t i = 0; i < plot.references.size(); ++i) {
    const double level = frame.Y(plot.references[i].y);
    canvas.Line({frame.left, level}, {frame.left + kWidth, level}, ColorOfReference(plot, i), 1.2,
                true);
  }
  for (size_t i = 0; i < plot.series.size(); ++i)
    DrawSeries(canvas, plot.series[i], frame, ColorOfSeries(plot, i));
  canvas.EndClip();
  DrawLegend(canvas, plot, frame, shade);
  return canvas.Finish();
}

}  // namespace eida::render
