// Rows of a data file: texts with a label, or pairs of texts.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida::inputs {

struct Columns {
  std::string text, text_pair, label;  // names; text_pair "" = one text, label "" = none
};

struct Row {
  std::string text, text_pair;
  int64_t label = 0;
};

// `format`: a line of common/catalog/formats.def. Rows are numbered from 0 in file order. This is
// the one reader, of the checks before a study and of the engine.
// InvalidArgument with `name:line` for a ragged row, a column that is missing or there twice, an
// empty text, bytes that are not UTF-8 or NUL, quotes that do not match, a label that is not a
// whole number in 0..labels-1; with `name` for a file without rows and one that is no text.
Result<std::vector<Row>> ReadRows(const std::string& content, const std::string& name,
                                  const std::string& format, const Columns& columns,
                                  int64_t labels);

// Byte offset of the first byte that is not UTF-8, or -1.
int64_t FirstInvalidUtf8(const std::string& text);

}  // namespace eida::inputs
