// Lines over a pair of axes, as a picture: training curves with bands, loss along a path, a soup's
// search.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/render/canvas.h"

namespace eida::render {

enum class Mark { kNone, kDisc, kRing };

struct Series {
  std::string label;              // "" = not in the legend
  std::vector<double> x, y;       // NaN in y breaks the line
  std::vector<double> low, high;  // a band around the line; empty = none
  bool line = true;
  bool dashed = false;
  Mark mark = Mark::kNone;
  std::optional<Rgb> color;  // absent = the next of SeriesColor
  bool step = false;         // keeps its value until the next point, then jumps
};

struct Reference {  // a horizontal line across the plot
  std::string label;
  double y = 0;
  std::optional<Rgb> color;  // absent = grey for the first, then the next of SeriesColor
};

struct LinePlot {
  std::string title, subtitle, x_label, y_label;
  std::vector<Series> series;
  std::vector<Reference> references;
  // The area between two curves over the same x (the convexity gap); empty = none.
  std::vector<double> shade_x, shade_low, shade_high;
  std::string shade_label;
  bool log_y = false;
};

// The colours that lines are drawn in, here and in the terminal.
Rgb ColorOfSeries(const LinePlot& plot, size_t index);
Rgb ColorOfReference(const LinePlot& plot, size_t index);

// What the axes span: all finite points, bands and references, with a little air.
struct Extent {
  double x0 = 0, x1 = 1, y0 = 0, y1 = 1;
};
Extent ExtentOf(const LinePlot& plot);

// InvalidArgument when there is no finite point, or a value <= 0 on a logarithmic axis.
Result<std::string> Draw(const LinePlot& plot, ImageFormat format);

}  // namespace eida::render
