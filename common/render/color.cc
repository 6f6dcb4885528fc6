#include "common/render/color.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace eida::render {
namespace {

struct Oklab {
  double l, a, b;
};

double ToLinear(double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); }
double ToSrgb(double c) {
  c = std::clamp(c, 0.0, 1.0);
  return c <= 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055;
}

// Ottosson's Oklab.
Oklab ToOklab(Rgb color) {
  const double r = ToLinear(color.r), g = ToLinear(color.g), b = ToLinear(color.b);
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

Rgb FromOklab(Oklab c) {
  const double l = std::pow(c.l + 0.3963377774 * c.a + 0.2158037573 * c.b, 3);
  const double m = std::pow(c.l - 0.1055613458 * c.a - 0.0638541728 * c.b, 3);
  const double s = std::pow(c.l - 0.0894841775 * c.a - 1.2914855480 * c.b, 3);
  return {ToSrgb(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          ToSrgb(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          ToSrgb(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

constexpr size_t kStops = 9;
using Stops = std::array<uint32_t, kStops>;
constexpr Stops kViridisStops = {0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c,
                                 0x28ae80, 0x5ec962, 0xaddc30, 0xfde725};
constexpr Stops kMagmaStops = {0x000004, 0x1c1044, 0x4f127b, 0x812581, 0xb5367a,
                               0xe55064, 0xfb8761, 0xfec287, 0xfcfdbf};
constexpr Stops kDivergingStops = {0x0b3c6f, 0x2166ac, 0x5a9fcb, 0xb3d3e6, 0xf7f6f4,
                                   0xf6c3a7, 0xdd7055, 0xb2202f, 0x6b0620};

const Stops& StopsOf(ColorMap map) {
  switch (map) {
    case ColorMap::kViridis:
      return kViridisStops;
    case ColorMap::kMagma:
      return kMagmaStops;
    case ColorMap::kDiverging:
      return kDivergingStops;
  }
  return kViridisStops;
}

}  // namespace

Rgb FromHex(uint32_t rgb) {
  return {(rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0};
}

Rgb Sample(ColorMap map, double t) {
  t = std::isnan(t) ? 0 : std::clamp(t, 0.0, 1.0);
  const Stops& stops = StopsOf(map);
  const double position = t * (kStops - 1);
  const size_t i = std::min<size_t>(static_cast<size_t>(position), kStops - 2);
  const double f = position - static_cast<double>(i);
  const Oklab a = ToOklab(FromHex(stops[i])), b = ToOklab(FromHex(stops[i + 1]));
  return FromOklab({a.l + f * (b.l - a.l), a.a + f * (b.a - a.a), a.b + f * (b.b - a.b)});
}

bool ParseColorMap(const std::string& name, ColorMap* map) {
  if (name == "viridis")
    *map = ColorMap::kViridis;
  else if (name == "magma")
    *map = ColorMap::kMagma;
  else if (name == "diverging")
    *map = ColorMap::kDiverging;
  else
    return false;
  return true;
}

double Luminance(Rgb color) {
  return 0.2126 * ToLinear(color.r) + 0.7152 * ToLinear(color.g) + 0.0722 * ToLinear(color.b);
}

int Nearest256(Rgb color) {
  const auto level = [](double c) {
    const int v = static_cast<int>(std::lround(c * 255));
    return v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
  };
  const auto value = [](int step) { return step == 0 ? 0 : 55 + 40 * step; };
  const int r = level(color.r), g = level(color.g), b = level(color.b);
  const double grey = (color.r + color.g + color.b) / 3 * 255;
  const int ramp = std::clamp(static_cast<int>(std::lround((grey - 8) / 10)), 0, 23);
  const auto distance = [&color](double x, double y, double z) {
    const double dr = color.r * 255 - x, dg = color.g * 255 - y, db = color.b * 255 - z;
    return dr * dr + dg * dg + db * db;
  };
  const double ramp_value = 8 + 10 * ramp;
  return distance(value(r), value(g), value(b)) <= distance(ramp_value, ramp_value, ramp_value)
             ? 16 + 36 * r + 6 * g + b
             : 232 + ramp;
}

Rgb SeriesColor(size_t index) {
  static constexpr std::array<uint32_t, 10> kColors = {0x1f5fa8, 0xd1602b, 0x2e8b57, 0x8a3fa0,
                                                       0xb8860b, 0x2a9fb3, 0xc23b5a, 0x6b6b6b,
                                                       0x6a8d1f, 0x7a4b2a};
  return FromHex(kColors[index % kColors.size()]);
}

}  // namespace eida::render
