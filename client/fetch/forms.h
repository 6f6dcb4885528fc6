// Data files as they are published, turned into what the sweep file's readers take.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/status.h"

namespace eida::fetch {

enum class Form {
  kAsIs,    // unchanged
  kGlue,    // TSV: rows that lack a field or have an empty one are left out, and counted
  kE2eCsv,  // the E2E challenge's CSV (mr, ref) -> `mr||ref` a line
  kPairs,   // {"translation": {"en": .., "ro": ..}} a line -> TSV with the languages as header
};
Result<Form> ParseForm(const std::string& name);  // as_is, glue, e2e_csv, pairs

struct Converted {
  std::string content;
  int64_t rows = 0;     // without the header; 0 for kAsIs
  int64_t dropped = 0;  // that no reader would take
};
// `name` is for messages. InvalidArgument with `name:line` when the content is not of that form.
Result<Converted> Convert(Form form, const std::string& content, const std::string& name);

}  // namespace eida::fetch
