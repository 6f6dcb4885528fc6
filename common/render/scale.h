// From values to positions and colours.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/render/color.h"

namespace eida::render {

// At most about `count` multiples of 1, 2 or 5 times a power of ten within [low, high].
std::vector<double> Ticks(double low, double high, int count);
// Powers of ten (and their 2 and 5 multiples where there is room) within [low, high]; REQUIRES: 0 <
// low.
std::vector<double> LogTicks(double low, double high);
// The shortest text that tells neighbouring ticks apart: 0.05, 12, 1e-4.
std::string TickText(double value, double step);

// Value -> colour. With a centre the map is diverging and symmetric around it.
struct ColorScale {
  ColorMap map = ColorMap::kViridis;
  double vmin = 0, vmax = 1;
  std::optional<double> center;
  double Position(double value) const;  // 0..1, clamped
  Rgb Color(double value) const { return Sample(map, Position(value)); }
};

// INTERFACE section 2: cka magma on 0..1; convexity_gap and error_barrier diverging around 0;
// others viridis from 0. The upper end is the largest finite value (a little above 0 when there is
// none).
ColorScale ScaleFor(const std::string& metric, const std::vector<std::vector<double>>& values);

}  // namespace eida::render
