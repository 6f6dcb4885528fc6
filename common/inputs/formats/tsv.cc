#include "common/base/text.h"
#include "common/inputs/row_reader.h"

namespace eida::inputs {

Status Read_tsv(const std::string& content, RowReader* reader) {
  const std::vector<std::string_view> lines = Lines(content);
  if (lines.empty()) return OkStatus();
  reader->At(1);
  EIDA_RETURN_IF_ERROR(reader->SetHeader(Split(lines[0], '\t')));
  for (size_t i = 1; i < lines.size(); ++i) {
    reader->At(i + 1);
    EIDA_RETURN_IF_ERROR(reader->AddFields(Split(lines[i], '\t'),
                                           "TSV fields are split at tabs; there is no quoting"));
  }
  return OkStatus();
}

}  // namespace eida::inputs
