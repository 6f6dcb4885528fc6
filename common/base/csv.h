// Comma-separated values as RFC 4180 has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace eida {

// Reads rows one after another. Fields in double quotes hold commas, line ends and doubled quotes;
// lines end with LF or CR LF, the last one with or without. A byte order mark is skipped.
class CsvReader {
 public:
  // `content` outlives the reader; `name` stands before the line in errors.
  CsvReader(std::string_view content, std::string name);
  bool AtEnd() const { return rest_.empty(); }
  // Of the row that Row() returned last: where it begins, from 1.
  size_t line() const { return begin_; }
  // An empty line is one empty field. InvalidArgument with `name:line` for a quote that is not
  // closed, text behind a closing quote, a quote inside a field without them, and a carriage return
  // alone.
  Result<std::vector<std::string>> Row();

 private:
  Status Fail(size_t line, const std::string& message) const;
  Result<std::string> Quoted();
  Result<std::string> Plain();

  std::string_view rest_;
  std::string name_;
  size_t line_ = 1, begin_ = 1;
};

}  // namespace eida
