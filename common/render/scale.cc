#include "common/render/scale.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace eida::render {

std::vector<double> Ticks(double low, double high, int count) {
  if (!(high > low) || count < 1) return {low};
  const double raw = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + step * 1e-9; ++k) {
    ticks.push_back(k == 0 ? 0 : k * step);
  }
  return ticks;
}

std::vector<double> LogTicks(double low, double high) {
  std::vector<double> ticks;
  const bool dense = std::log10(high / low) < 2.5;
  for (int e = static_cast<int>(std::floor(std::log10(low))); std::pow(10, e) <= high; ++e) {
    for (double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10, e);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9) && (dense || factor == 1))
        ticks.push_back(value);
    }
  }
  return ticks;
}

std::string TickText(double value, double step) {
  char text[32];
  if (value == 0) return "0";
  const double size = std::fabs(value);
  if (size >= 1e5 || size < 1e-4) {
    snprintf(text, sizeof text, "%.3g", value);
    return text;
  }
  const int digits =
      std::clamp(static_cast<int>(std::ceil(-std::log10(std::fabs(step)) - 1e-9)), 0, 8);
  snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

double ColorScale::Position(double value) const {
  if (center) {
    const double half = std::max(vmax - *center, *center - vmin);
    return half > 0 ? std::clamp(0.5 + (value - *center) / (2 * half), 0.0, 1.0) : 0.5;
  }
  return vmax > vmin ? std::clamp((value - vmin) / (vmax - vmin), 0.0, 1.0) : 0.0;
}

ColorScale ScaleFor(const std::string& metric, const std::vector<std::vector<double>>& values) {
  double low = 0, high = 0;
  for (const auto& row : values) {
    for (double value : row) {
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
    }
  }
  if (metric == "cka") return {ColorMap::kMagma, 0, 1, {}};
  if (high <= low) high = low + 1e-3;
  if (metric == "convexity_gap" || metric == "error_barrier")
    return {ColorMap::kDiverging, low, high, 0.0};
  return {ColorMap::kViridis, low, high, {}};
}

}  // namespace eida::render
