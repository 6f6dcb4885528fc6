#include "common/render/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <pango/pangocairo.h>

#include <cmath>
#include <regex>

namespace eida::render {
namespace {

constexpr double kPngScale = 2;  // two pixels a point

cairo_status_t Append(void* closure, const unsigned char* data, unsigned int size) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), size);
  return CAIRO_STATUS_SUCCESS;
}

struct LayoutDelete {
  void operator()(PangoLayout* layout) const { g_object_unref(layout); }
};
using Layout = std::unique_ptr<PangoLayout, LayoutDelete>;

Layout MakeLayout(cairo_t* cairo, const std::string& text, const TextStyle& style) {
  Layout layout(pango_cairo_create_layout(cairo));
  // Sizes in points of the page whatever the output's resolution; no hinting, so all formats agree
  // on widths.
  pango_cairo_context_set_resolution(pango_layout_get_context(layout.get()), 72);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(pango_layout_get_context(layout.get()), options);
  cairo_font_options_destroy(options);
  PangoFontDescription* font = pango_font_description_new();
  pango_font_description_set_family_static(font, "DejaVu Sans");
  pango_font_description_set_size(font, static_cast<int>(style.size * PANGO_SCALE));
  if (style.bold) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description(layout.get(), font);
  pango_font_description_free(font);
  pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
  return layout;
}

std::pair<double, double> SizeOf(PangoLayout* layout) {
  int width = 0, height = 0;
  pango_layout_get_size(layout, &width, &height);
  return {static_cast<double>(width) / PANGO_SCALE, static_cast<double>(height) / PANGO_SCALE};
}

}  // namespace

struct Canvas::Impl {
  ImageFormat format;
  std::string bytes;
  cairo_surface_t* surface = nullptr;
  cairo_t* cairo = nullptr;

  ~Impl() {
    if (cairo != nullptr) cairo_destroy(cairo);
    if (surface != nullptr) cairo_surface_destroy(surface);
  }
  void Color(Rgb c, double alpha = 1) { cairo_set_source_rgba(cairo, c.r, c.g, c.b, alpha); }
  void Path(const std::vector<Point>& points) {
    for (const Point& p : points) cairo_line_to(cairo, p.x, p.y);
  }
  void Stroke(Rgb color, double line, bool dashed) {
    Color(color);
    cairo_set_line_width(cairo, line);
    const double dash[] = {4, 3};
    cairo_set_dash(cairo, dash, dashed ? 2 : 0, 0);
    cairo_stroke(cairo);
  }
};

Canvas::Canvas(ImageFormat format, double width, double height) : impl_(std::make_unique<Impl>()) {
  impl_->format = format;
  switch (format) {
    case ImageFormat::kPng:
      impl_->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                  static_cast<int>(std::ceil(width * kPngScale)),
                                                  static_cast<int>(std::ceil(height * kPngScale)));
      break;
    case ImageFormat::kSvg:
      impl_->surface = cairo_svg_surface_create_for_stream(Append, &impl_->bytes, width, height);
      break;
    case ImageFormat::kPdf:
      impl_->surface = cairo_pdf_surface_create_for_stream(Append, &impl_->bytes, width, height);
      cairo_pdf_surface_set_metadata(impl_->surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                     "2000-01-01T00:00:00Z");
      break;
  }
  impl_->cairo = cairo_create(impl_->surface);
  if (format == ImageFormat::kPng) cairo_scale(impl_->cairo, kPngScale, kPngScale);
  cairo_set_line_join(impl_->cairo, CAIRO_LINE_JOIN_ROUND);
  FillRect(0, 0, width, height, {1, 1, 1});
}

Canvas::~Canvas() = default;

void Canvas::FillRect(double x, double y, double width, double height, Rgb color, double alpha) {
  // Without antialiasing: neighbouring cells of a heat map must not let the page shine through.
  cairo_set_antialias(impl_->cairo, CAIRO_ANTIALIAS_NONE);
  impl_->Color(color, alpha);
  cairo_rectangle(impl_->cairo, x, y, width, height);
  cairo_fill(impl_->cairo);
  cairo_set_antialias(impl_->cairo, CAIRO_ANTIALIAS_DEFAULT);
}

void Canvas::StrokeRect(double x, double y, double width, double height, Rgb color, double line) {
  cairo_rectangle(impl_->cairo, x, y, width, height);
  impl_->Stroke(color, line, false);
}

void Canvas::HatchRect(double x, double y, double width, double height, Rgb color) {
  BeginClip(x, y, width, height);
  for (double d = -height; d < width; d += 4)
    Line({x + d, y + height}, {x + d + height, y}, color, 0.5);
  EndClip();
}

void Canvas::Line(Point from, Point to, Rgb color, double line, bool dashed) {
  cairo_move_to(impl_->cairo, from.x, from.y);
  cairo_line_to(impl_->cairo, to.x, to.y);
  impl_->Stroke(color, line, dashed);
}

void Canvas::Polyline(const std::vector<Point>& points, Rgb color, double line, bool dashed) {
  impl_->Path(points);
  impl_->Stroke(color, line, dashed);
}

void Canvas::FillPolygon(const std::vector<Point>& points, Rgb color, double alpha) {
  impl_->Path(points);
  cairo_close_path(impl_->cairo);
  impl_->Color(color, alpha);
  cairo_fill(impl_->cairo);
}

void Canvas::Disc(Point center, double radius, Rgb fill, Rgb edge) {
  cairo_new_sub_path(impl_->cairo);
  cairo_arc(impl_->cairo, center.x, center.y, radius, 0, 2 * M_PI);
  impl_->Color(fill);
  cairo_fill_preserve(impl_->cairo);
  impl_->Stroke(edge, 0.9, false);
}

void Canvas::Text(const std::string& text, Point at, Anchor anchor, const TextStyle& style) {
  const Layout layout = MakeLayout(impl_->cairo, text, style);
  const auto [width, height] = SizeOf(layout.get());
  cairo_save(impl_->cairo);
  cairo_translate(impl_->cairo, at.x, at.y);
  cairo_rotate(impl_->cairo, style.degrees * M_PI / 180);
  cairo_move_to(impl_->cairo, -anchor.x * width, -anchor.y * height);
  impl_->Color(style.color);
  pango_cairo_show_layout(impl_->cairo, layout.get());
  cairo_restore(impl_->cairo);
  cairo_new_path(impl_->cairo);
}

void Canvas::BeginClip(double x, double y, double width, double height) {
  cairo_save(impl_->cairo);
  cairo_rectangle(impl_->cairo, x, y, width, height);
  cairo_clip(impl_->cairo);
}

void Canvas::EndClip() { cairo_restore(impl_->cairo); }

std::pair<double, double> Canvas::Measure(const std::string& text, const TextStyle& style) {
  cairo_surface_t* surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
  cairo_t* cairo = cairo_create(surface);
  const auto size = SizeOf(MakeLayout(cairo, text, style).get());
  cairo_destroy(cairo);
  cairo_surface_destroy(surface);
  return size;
}

Result<std::string> Canvas::Finish() {
  if (impl_->format == ImageFormat::kPng) {
    cairo_surface_flush(impl_->surface);
    const cairo_status_t status =
        cairo_surface_write_to_png_stream(impl_->surface, Append, &impl_->bytes);
    if (status != CAIRO_STATUS_SUCCESS)
      return Internal(std::string("cannot write PNG: ") + cairo_status_to_string(status));
    return std::move(impl_->bytes);
  }
  cairo_surface_finish(impl_->surface);
  const cairo_status_t status = cairo_surface_status(impl_->surface);
  if (status != CAIRO_STATUS_SUCCESS)
    return Internal(std::string("cannot draw: ") + cairo_status_to_string(status));
  if (impl_->format == ImageFormat::kSvg) {
    // cairo numbers its surfaces through the life of the process; a picture must not depend on what
    // was drawn before it.
    return std::regex_replace(impl_->bytes, std::regex("id=\"surface[0-9]+\""), "id=\"surface\"");
  }
  return std::move(impl_->bytes);
}

}  // namespace eida::render
