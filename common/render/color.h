// Colours and colour maps.
#pragma once

#include <cstdint>
#include <string>

namespace eida::render {

struct Rgb {
  double r = 0, g = 0, b = 0;  // sRGB, 0..1
};

enum class ColorMap { kViridis, kMagma, kDiverging };

// The map's colour at t in [0, 1] (clamped). Interpolated in Oklab between published control
// colours.
Rgb Sample(ColorMap map, double t);
// "viridis", "magma", "diverging"; false for anything else.
bool ParseColorMap(const std::string& name, ColorMap* map);

// WCAG relative luminance, 0..1. Text on a colour is dark where this is above 0.408, else white.
double Luminance(Rgb color);
Rgb FromHex(uint32_t rgb);
// The index of the nearest colour of the 256-colour terminal cube and grey ramp.
int Nearest256(Rgb color);
// Distinguishable colours for lines; repeats after ten.
Rgb SeriesColor(size_t index);

}  // namespace eida::render
