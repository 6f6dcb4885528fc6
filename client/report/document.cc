#include "client/report/document.h"

#include <cmath>
namespace eida::report {
namespace {

// Signed: a difference; a zero that was rounded has no sign.
std::string Fixed(double value, int decimals, bool with_sign = false) {
  char text[64];
  snprintf(text, sizeof text, with_sign ? "%+.*f" : "%.*f", decimals, value);
  std::string out = text;
  const bool zero = out.find_first_of("123456789") == std::string::npos;
  if (zero && (out[0] == '-' || out[0] == '+')) out = (with_sign ? "±" : "") + out.substr(1);
  if (out[0] == '-') out = "\u2212" + out.substr(1);
  return out;
}

std::string Shown(const Cell& cell) {
  if (!cell.value) return cell.text.empty() ? "–" : cell.text;
  std::string text = Fixed(*cell.value, cell.decimals);
  if (cell.n > 1) text += " ± " + Fixed(cell.deviation, cell.decimals);
  return text;
}

// Twelve digits: all that was measured, without the noise of percents and differences.
std::string Exact(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return "";
  char text[64];
  snprintf(text, sizeof text, "%.12g", *value);
  return text;
}

void AddExact(const Cell& cell, Kind kind, Grid::Row& row) {
  row.cells.push_back({cell.value ? Exact(cell.value) : cell.text, cell.tone});
  row.cells.push_back({cell.n > 1 ? Exact(cell.deviation) : "", cell.tone});
  row.cells.push_back({cell.n > 0 ? std::to_string(cell.n) : "", cell.tone});
  if (kind != Kind::kCompared) return;
  row.cells.push_back({Exact(cell.published), cell.tone});
  row.cells.push_back({Exact(cell.difference()), cell.tone});
}

void AddShown(const Cell& cell, Kind kind, Grid::Row& row) {
  row.cells.push_back({Shown(cell), cell.value ? cell.tone : Tone::kMuted});
  if (kind != Kind::kCompared) return;
  row.cells.push_back({cell.n > 0 ? std::to_string(cell.n) : "–", Tone::kMuted});
  row.cells.push_back({cell.published ? Fixed(*cell.published, cell.decimals) : "–", cell.tone});
  const std::optional<double> difference = cell.difference();
  row.cells.push_back({difference ? Fixed(*difference, cell.decimals, true) : "–", cell.tone});
}

void AddColumns(const Column& column, bool exact, Grid& grid) {
  using render::Align;
  if (column.kind == Kind::kText) {
    grid.columns.push_back({column.name, Align::kLeft});
    return;
  }
  grid.columns.push_back({column.name, Align::kRight});
  if (exact) {
    grid.columns.push_back({column.name + " std", Align::kRight});
    grid.columns.push_back({column.name + " n", Align::kRight});
  }
  if (column.kind != Kind::kCompared) return;
  if (!exact) grid.columns.push_back({"n", Align::kRight});
  grid.columns.push_back({"published", Align::kRight});
  grid.columns.push_back({"difference", Align::kRight});
}

}  // namespace

Cell Cell::Of(std::string text, Tone tone) {
  Cell cell;
  cell.text = std::move(text);
  cell.tone = tone;
  return cell;
}

Cell Cell::Of(const Sample& sample, int decimals, double factor) {
  Cell cell;
  cell.decimals = decimals;
  if (sample.n == 0) return cell;
  cell.value = sample.mean * factor;
  cell.deviation = sample.deviation * factor;
  cell.n = sample.n;
  return cell;
}

std::optional<double> Cell::difference() const {
  if (!value || !published) return std::nullopt;
  return *value - *published;
}

Grid Expand(const Table& table, bool exact) {
  Grid grid;
  for (const Column& column : table.columns) AddColumns(column, exact, grid);
  for (const Row& row : table.rows) {
    Grid::Row out;
    out.heading = row.heading;
    for (size_t c = 0; c < row.cells.size(); ++c) {
      const Kind kind = row.heading ? Kind::kText : table.columns[c].kind;
      if (kind == Kind::kText) {
        out.cells.push_back({row.cells[c].text, row.cells[c].tone});
      } else if (exact) {
        AddExact(row.cells[c], kind, out);
      } else {
        AddShown(row.cells[c], kind, out);
      }
    }
    grid.rows.push_back(std::move(out));
  }
  return grid;
}

}  // namespace eida::report
