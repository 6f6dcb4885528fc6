#include "common/base/csv.h"

#include "common/inputs/row_reader.h"

namespace eida::inputs {

Status Read_csv(const std::string& content, RowReader* reader) {
  CsvReader csv(content, reader->name());
  if (csv.AtEnd()) return OkStatus();
  EIDA_ASSIGN_OR_RETURN(const std::vector<std::string> header, csv.Row());
  reader->At(1);
  EIDA_RETURN_IF_ERROR(reader->SetHeader(header));
  while (!csv.AtEnd()) {
    EIDA_ASSIGN_OR_RETURN(std::vector<std::string> fields, csv.Row());
    if (fields.size() == 1 && fields[0].empty()) continue;  // an empty line
    reader->At(csv.line());
    EIDA_RETURN_IF_ERROR(
        reader->AddFields(std::move(fields), "a field with a comma in it needs double quotes"));
  }
  return OkStatus();
}

}  // namespace eida::inputs
