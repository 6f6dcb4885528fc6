// A matrix of pairwise measures, as a picture.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/render/canvas.h"
#include "common/render/linkage.h"
#include "common/render/scale.h"

namespace eida::render {

enum class Annotate { kAuto, kOn, kOff };
enum class Triangle { kFull, kLower };

struct HeatMap {
  std::string title;
  std::string subtitle;             // n, split, estimator: what makes the numbers readable later
  std::string value_label;          // beside the colour bar: "linear CKA (unbiased)"
  std::vector<std::string> groups;  // one per item: the variant; equal neighbours form a block
  std::vector<std::string> labels;  // one per item, within its block: the seed
  // Of the columns, where they are other items than the rows; both empty: the same.
  std::vector<std::string> column_groups, column_labels;
  std::vector<std::vector<double>> values;  // rows x columns; NaN = no such pair, drawn hatched
  // A small second line of each cell, such as an interval; empty: none. Not in the terminal.
  std::vector<std::vector<std::string>> notes;
  // Drawn above the columns, which stand in the order of its leaves.
  std::optional<Linkage> tree;
  ColorScale scale;
  Annotate annotate = Annotate::kAuto;  // auto: up to 20 items, where every number fits its cell
  Triangle triangle = Triangle::kFull;
  std::string label_name = "seed";  // what `labels` are, written once beside them; "" = nothing
};

// A run of equal neighbouring groups: items [begin, end).
struct Block {
  std::string name;
  size_t begin = 0, end = 0;
};
std::vector<Block> Blocks(const std::vector<std::string>& groups);

inline const std::vector<std::string>& ColumnGroups(const HeatMap& map) {
  return map.column_groups.empty() ? map.groups : map.column_groups;
}
inline const std::vector<std::string>& ColumnLabels(const HeatMap& map) {
  return map.column_labels.empty() ? map.labels : map.column_labels;
}
// InvalidArgument when the sizes of the map's parts do not fit together.
Status CheckSizes(const HeatMap& map);

// Two significant digits, as seaborn's ".2g": 0.87, 0.0012, 1.
std::string CellText(double value);

// The picture's bytes. InvalidArgument as CheckSizes.
Result<std::string> Draw(const HeatMap& map, ImageFormat format);

}  // namespace eida::render
