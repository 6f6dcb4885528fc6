#include "common/render/matrix_file.h"

#include <bit>
#include <cmath>

#include "common/base/text.h"
#include "common/render/table.h"

namespace eida::render {

static_assert(std::endian::native == std::endian::little,
              "NPY output is written in the machine's byte order");

std::string MatrixToCsv(const std::vector<std::string>& rows,
                        const std::vector<std::string>& columns,
                        const std::vector<std::vector<double>>& values) {
  std::string out;
  for (const std::string& label : columns) out += "," + CsvField(label);
  out += '\n';
  for (size_t i = 0; i < values.size(); ++i) {
    out += CsvField(rows[i]);
    for (double value : values[i]) out += "," + (std::isfinite(value) ? FormatDouble(value) : "");
    out += '\n';
  }
  return out;
}

std::string MatrixToNpy(const std::vector<std::vector<double>>& values) {
  const std::string rows = std::to_string(values.size());
  const std::string columns = std::to_string(values.empty() ? 0 : values[0].size());
  std::string header =
      "{'descr': '<f8', 'fortran_order': False, 'shape': (" + rows + ", " + columns + "), }";
  // Magic, version and header length take 10 bytes; the data begins at a multiple of 64.
  header.append((64 - (10 + header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  std::string out = "\x93NUMPY";
  out += '\1';
  out += '\0';
  out += static_cast<char>(header.size() & 255);
  out += static_cast<char>(header.size() >> 8);
  out += header;
  for (const auto& row : values)
    out.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(double));
  return out;
}

}  // namespace eida::render
