#include "common/inputs/rows.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "common/inputs/row_reader.h"

namespace eida::inputs {

#define EIDA_FORMAT(id, help) Status Read_##id(const std::string&, RowReader*);
#include "common/catalog/formats.def"
#undef EIDA_FORMAT

namespace {

struct FormatEntry {
  const char* id;
  Status (*read)(const std::string&, RowReader*);
};
constexpr FormatEntry kFormats[] = {
#define EIDA_FORMAT(id, help) {#id, Read_##id},
#include "common/catalog/formats.def"
#undef EIDA_FORMAT
};

// Files that are no text at all, by how they begin.
struct Magic {
  std::string_view bytes;
  const char* what;
};
constexpr Magic kNotText[] = {
    {"PAR1",
     "a Parquet file; write it as JSONL first, for example with pandas: "
     "read_parquet(IN).to_json(OUT, orient='records', lines=True, force_ascii=False)"},
    {"PK\x03\x04", "a ZIP archive (or a spreadsheet); unpack it, or save the sheet as CSV"},
    {"\x1F\x8B", "compressed with gzip; unpack it first"},
    {"\xFF\xFE", "UTF-16; convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
    {"\xFE\xFF", "UTF-16; convert it to UTF-8, for example with iconv -f UTF-16 -t UTF-8"},
};

// Of bytes that no format can hold.
Status CheckBytes(const std::string& content, const std::string& name) {
  for (const Magic& magic : kNotText) {
    if (std::string_view(content).substr(0, magic.bytes.size()) == magic.bytes)
      return InvalidArgument(name + ": is " + magic.what);
  }
  const auto fail = [&](size_t at, const std::string& message) {
    const auto line = 1 + std::count(content.begin(), content.begin() + at, '\n');
    return InvalidArgument(name + ":" + std::to_string(line) + ": " + message);
  };
  if (const int64_t bad = FirstInvalidUtf8(content); bad >= 0)
    return fail(static_cast<size_t>(bad), "is not UTF-8 (byte " + std::to_string(bad) +
                                              "); convert the file, for example with iconv");
  if (const size_t nul = content.find('\0'); nul != std::string::npos)
    return fail(nul, "holds a NUL byte (byte " + std::to_string(nul) + "): this is no text file");
  return OkStatus();
}

}  // namespace

Result<std::vector<Row>> ReadRows(const std::string& content, const std::string& name,
                                  const std::string& format, const Columns& columns,
                                  int64_t labels) {
  EIDA_RETURN_IF_ERROR(CheckBytes(content, name));
  RowReader reader(name, columns, labels);
  const auto* entry = std::find_if(std::begin(kFormats), std::end(kFormats),
                                   [&](const FormatEntry& known) { return format == known.id; });
  if (entry == std::end(kFormats)) {
    const std::vector<std::string> known = catalog::Ids(catalog::Formats());
    return InvalidArgument(name + ": there is no format \"" + format +
                           "\" (have: " + Join(known, ", ") + ")" + Meant(format, known));
  }
  EIDA_RETURN_IF_ERROR(entry->read(content, &reader));
  std::vector<Row> rows = reader.Take();
  if (rows.empty()) return InvalidArgument(name + ": has no rows");
  return rows;
}

}  // namespace eida::inputs
