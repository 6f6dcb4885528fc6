#include "client/output/format.h"

#include "common/base/clock.h"

namespace eida::client {

void Printer::List(const std::string& kind, const render::Table& table,
                   const std::vector<Json>& items, const std::vector<std::string>& names) {
  if (format_ == "json") {
    *out_ << Pretty({{"apiVersion", "eida/v1"}, {"kind", kind + "List"}, {"items", items}});
  } else if (format_ == "jsonl") {
    for (const Json& item : items) *out_ << item.dump() << "\n";
  } else if (format_ == "csv") {
    *out_ << render::ToCsv(table, !no_headers_);
  } else if (format_ == "name") {
    for (size_t i = 0; i < table.rows.size(); ++i)
      *out_ << (i < names.size() ? names[i] : table.rows[i][0]) << "\n";
  } else {
    *out_ << render::ToText(table, !no_headers_);
  }
}

void Printer::Object(const std::string& kind, const Json& value, const std::string& text) {
  if (!json()) {
    *out_ << text;
    return;
  }
  Json object = {{"apiVersion", "eida/v1"}, {"kind", kind}};
  object.update(value);
  *out_ << (format_ == "json" ? Pretty(object) : object.dump() + "\n");
}

void Printer::Report(const std::string& kind, const render::Table& table, const Json& value) {
  if (json()) return Object(kind, value, "");
  if (format_ == "md")
    *out_ << render::ToMarkdown(table);
  else if (format_ == "latex")
    *out_ << render::ToLatex(table);
  else if (format_ == "csv")
    *out_ << render::ToCsv(table, !no_headers_);
  else
    *out_ << render::ToText(table, !no_headers_);
}

std::string Ago(int64_t then_ms, int64_t now_ms) {
  return then_ms <= 0 ? "-" : FormatDuration(Millis(std::max<int64_t>(0, now_ms - then_ms)));
}

std::string Percent(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.1f", value * 100);
  return text;
}

}  // namespace eida::client
