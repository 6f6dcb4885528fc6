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
  bool jsonl() const { return format_ == "jsonl"; }
  bool csv() const { return format_ == "csv"; }
  // json: one {"apiVersion", "kind": kind + "List", "items"}; jsonl: an item a line. `items` are
  // the JSON forms of the table's rows, or finer; `names` what -o name prints, else the first
  // column.
  void List(const std::string& kind, const render::Table& table, const std::vector<Json>& items,
            const std::vector<std::string>& names = {});
  // One value: JSON as it is with apiVersion and kind, which win over fields of these names; csv:
  // its plain fields as one row; otherwise `text`.
  void Object(const std::string& kind, const Json& value, const std::string& text);
  // One value that people and csv see as a table; also as markdown or LaTeX.
  void Report(const std::string& kind, const render::Table& table, const Json& value);
  // One item of a stream as a line of JSON; in json mode too, for a stream has no end to wait for.
  void Line(const Json& item);

 private:
  void Table(const render::Table& table);
  std::ostream* out_;
  std::string format_;
  bool no_headers_;
};

std::string Ago(int64_t then_ms, int64_t now_ms);     // "3m20s", "-" for 0
std::string Percent(double value);                    // 0.817 -> 81.7
std::string FormatFixed(double value, int decimals);  // 0.81712, 4 -> 0.8171

}  // namespace eida::client
