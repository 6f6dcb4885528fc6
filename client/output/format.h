// One list or object in the format that -o asks for.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/render/table.h"
#include "common/render/terminal.h"

namespace eida::client {

class Printer {
 public:
  Printer(std::ostream* out, std::string format, bool no_headers)
      : out_(out), format_(std::move(format)), no_headers_(no_headers) {}
  bool json() const { return format_ == "json" || format_ == "jsonl"; }
  // `items` are the JSON forms of the table's rows; `names` what -o name prints.
  void List(const std::string& kind, const render::Table& table, const std::vector<Json>& items,
            const std::vector<std::string>& names = {});
  // One value: JSON as it is with apiVersion and kind, otherwise `text`.
  void Object(const std::string& kind, const Json& value, const std::string& text);
  // A table that may also be markdown or LaTeX.
  void Report(const std::string& kind, const render::Table& table, const Json& value);

 private:
  std::ostream* out_;
  std::string format_;
  bool no_headers_;
};

std::string Ago(int64_t then_ms, int64_t now_ms);  // "3m20s", "-" for 0
std::string Percent(double value);                 // 0.817 -> 81.7

}  // namespace eida::client
