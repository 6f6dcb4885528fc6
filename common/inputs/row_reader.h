// What the readers of common/inputs/formats share: one is given a file's text and adds its rows.
// Internal to the room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/inputs/rows.h"

namespace eida::inputs {

class RowReader {
 public:
  // All three outlive the reader.
  RowReader(const std::string& name, const Columns& columns, int64_t labels)
      : name_(name), columns_(columns), labels_(labels) {}

  const Columns& columns() const { return columns_; }
  const std::string& name() const { return name_; }
  // The line that what follows is about, from 1.
  void At(size_t line) { line_ = line; }
  // InvalidArgument with `name:line`.
  Status Fail(const std::string& message) const;

  // Of a format with a header: which field is which. Fails for a column that is missing or stands
  // there twice.
  Status SetHeader(const std::vector<std::string>& names);
  // A row of such a format; `hint` says how fields come about, for a row that has another number of
  // them.
  Status AddFields(std::vector<std::string> fields, const char* hint);
  // A row that is put together already. Fails for an empty text, a NUL in one and a label that the
  // head does not have.
  Status Add(Row row);
  // The label that is written in a text.
  Result<int64_t> LabelOf(const std::string& field) const;

  std::vector<Row> Take() { return std::move(rows_); }

 private:
  Result<size_t> Find(const std::vector<std::string>& header, const std::string& wanted) const;
  Status CheckText(const std::string& text, const std::string& column) const;

  const std::string& name_;
  const Columns& columns_;
  int64_t labels_;
  size_t line_ = 0;
  size_t fields_ = 0, text_ = 0;
  std::optional<size_t> pair_, label_;
  std::vector<Row> rows_;
};

// Lines without their ends (LF or CR LF), the byte order mark skipped.
std::vector<std::string_view> Lines(const std::string& content);

}  // namespace eida::inputs
