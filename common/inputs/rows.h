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

// `format`: tsv (GLUE form: a header line, tabs, no quoting), jsonl, or e2e (`text||text_pair` a
// line, no header, blanks around both dropped). Rows are numbered from 0 in file order.
// InvalidArgument with `name:line` for a ragged row, a missing column, an empty text, bytes that
// are not UTF-8, a label that is not a whole number in 0..labels-1, and for a file without rows.
Result<std::vector<Row>> ReadRows(const std::string& content, const std::string& name,
                                  const std::string& format, const Columns& columns,
                                  int64_t labels);

// Byte offset of the first byte that is not UTF-8, or -1.
int64_t FirstInvalidUtf8(const std::string& text);

}  // namespace eida::inputs
