// Heat maps and plots as terminal text.
#pragma once

#include <string>

#include "common/base/status.h"
#include "common/render/heatmap.h"
#include "common/render/plot.h"

namespace eida::render {

enum class ColorDepth { kNone, k256, kTrue };

struct TerminalStyle {
  ColorDepth colors = ColorDepth::kNone;
  int width = 80;       // columns
  bool unicode = true;  // half blocks and braille; otherwise ASCII
};

// What the environment asks for. `color`: auto, always or never (--color); the strings are the
// variables' values, "" = unset.
ColorDepth DepthFor(const std::string& color, bool is_tty, const std::string& no_color,
                    const std::string& colorterm, const std::string& term);

// Numbers in coloured cells where they fit, half blocks where they do not, two-digit numbers
// without colour. Ends with a line feed.
Result<std::string> DrawTerminal(const HeatMap& map, const TerminalStyle& style);
Result<std::string> DrawTerminal(const LinePlot& plot, const TerminalStyle& style);

// Columns that the text takes in a terminal (UTF-8, wide East Asian characters count two).
int DisplayWidth(const std::string& text);
// Cut to `width` columns with "…" at the end, or padded with spaces on the right.
std::string FitTo(const std::string& text, int width);

}  // namespace eida::render
