// A report before it is HTML, Markdown, LaTeX or CSV: sections of paragraphs, lists, tables and
// figures. Texts are plain: each writer escapes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "client/report/stats.h"
#include "common/render/heatmap.h"
#include "common/render/plot.h"
#include "common/render/table.h"

namespace eida::report {

enum class Tone { kPlain, kGood, kBad, kMuted };

// A text, or a measured value in the unit that is shown, beside what the paper says.
struct Cell {
  std::string text;  // shown where there is no value
  std::optional<double> value, published;
  double deviation = 0;
  int64_t n = 0;
  int decimals = 3;
  Tone tone = Tone::kPlain;

  static Cell Of(std::string text, Tone tone = Tone::kPlain);
  // Percent = 100 gives a share as it is printed.
  static Cell Of(const Sample& sample, int decimals, double factor = 1);
  std::optional<double> difference() const;
};

struct Row {
  std::vector<Cell> cells;
  bool heading = false;  // one cell, over the whole width
};

enum class Kind {
  kText,
  kNumber,    // mean +- deviation
  kCompared,  // the same, n, the published value and the difference: four columns
};
struct Column {
  std::string name;
  Kind kind = Kind::kText;
};

struct Table {
  std::string id;  // T4; also the name of its files
  std::string caption, note;
  std::vector<Column> columns;
  std::vector<Row> rows;
  bool listed = true;  // in the contents, by its id
};

using Picture = std::variant<render::HeatMap, render::LinePlot>;
struct Figure {
  std::string id, caption, note;
  std::vector<Picture> panels;  // side by side where there is room
};

struct Paragraph {
  std::string text;
};
struct List {
  std::vector<std::string> items;
};
struct Code {
  std::string text;
};
using Block = std::variant<Paragraph, List, Code, Table, Figure>;

struct Section {
  std::string id, title;
  std::vector<Block> blocks;
};

struct Document {
  std::string title, subtitle;
  std::vector<std::string> warnings;  // at the top, before all else
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<Section> sections;
};

// What a table says in rows of texts: compared columns become four. `exact`: numbers in their
// shortest exact form, apart from their deviation, for programs; else as people read them.
struct Grid {
  struct Cell {
    std::string text;
    Tone tone = Tone::kPlain;
  };
  struct Row {
    std::vector<Cell> cells;
    bool heading = false;
  };
  std::vector<render::Column> columns;
  std::vector<Row> rows;
};
Grid Expand(const Table& table, bool exact);

}  // namespace eida::report
