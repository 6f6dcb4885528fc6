// A page to draw on: shapes and text, in points, origin at the top left. One code path for PNG, SVG
// and PDF.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/render/color.h"

namespace eida::render {

enum class ImageFormat { kPng, kSvg, kPdf };

struct Point {
  double x = 0, y = 0;
};

// Where the given point lies on the text's box: 0 = left/top, 0.5 = middle, 1 = right/bottom.
struct Anchor {
  double x = 0, y = 0;
};

struct TextStyle {
  double size = 9;  // points
  bool bold = false;
  Rgb color = {0.13, 0.13, 0.13};
  double degrees = 0;  // turned clockwise around the given point
};

// Not thread-safe; one picture per object.
class Canvas {
 public:
  Canvas(ImageFormat format, double width, double height);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  void FillRect(double x, double y, double width, double height, Rgb color, double alpha = 1);
  void StrokeRect(double x, double y, double width, double height, Rgb color, double line = 0.6);
  // Diagonal lines, for "no value".
  void HatchRect(double x, double y, double width, double height, Rgb color);
  void Line(Point from, Point to, Rgb color, double line = 0.6, bool dashed = false);
  void Polyline(const std::vector<Point>& points, Rgb color, double line = 1.4,
                bool dashed = false);
  void FillPolygon(const std::vector<Point>& points, Rgb color, double alpha);
  void Disc(Point center, double radius, Rgb fill, Rgb edge);
  void Text(const std::string& text, Point at, Anchor anchor, const TextStyle& style);
  // Clips what follows to a rectangle until EndClip.
  void BeginClip(double x, double y, double width, double height);
  void EndClip();

  // Width and height of the text's box. Needs no canvas, so that a layout can be measured before
  // its page exists.
  static std::pair<double, double> Measure(const std::string& text, const TextStyle& style);

  // The finished file. The same drawing gives the same bytes. Call once.
  Result<std::string> Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace eida::render
