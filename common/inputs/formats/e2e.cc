#include "common/base/text.h"
#include "common/inputs/row_reader.h"

namespace eida::inputs {

Status Read_e2e(const std::string& content, RowReader* reader) {
  const std::vector<std::string_view> lines = Lines(content);
  for (size_t i = 0; i < lines.size(); ++i) {
    if (Trim(lines[i]).empty()) continue;
    reader->At(i + 1);
    const size_t bars = lines[i].find("||");
    if (bars == std::string_view::npos)
      return reader->Fail("has no || between a meaning representation and its reference");
    EIDA_RETURN_IF_ERROR(reader->Add({std::string(Trim(lines[i].substr(0, bars))),
                                      std::string(Trim(lines[i].substr(bars + 2))), 0}));
  }
  return OkStatus();
}

}  // namespace eida::inputs
