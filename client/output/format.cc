#include "client/output/format.h"

#include <algorithm>
#include <cstdio>

#include "common/base/clock.h"

namespace eida::client {

void Printer::List(const std::string& kind, const render::Table& table,
                   const std::vector<Json>& items, const std::vector<std::string>& names) {
  if (format_ == "json") {
    *out_ << Pretty({{"apiVersion", "eida/v1"}, {"kind", kind + "List"}, {"items", items}});
  } else if (format_ == "jsonl") {
    for (const Json& item : items) Line(item);
  } else if (format_ == "name") {
    for (size_t i = 0; i < table.rows.size(); ++i)
      *out_ << (i < names.size() ? names[i] : table.rows[i][0]) << "\n";
  } else {
    Table(table);
  }
}

void Printer::Object(const std::string& kind, const Json& value, const std::string& text) {
  if (csv()) {
    render::Table row{{}, {{}}};
    for (const auto& [key, field] : value.items()) {
      if (field.is_structured()) continue;
      row.columns.push_back({key});
      row.rows[0].push_back(field.is_string() ? field.get<std::string>()
                            : field.is_null() ? ""
                                              : field.dump());
    }
    *out_ << render::ToCsv(row, !no_headers_);
    return;
  }
  if (!json()) {
    *out_ << text;
    return;
  }
  Json object = value;
  object.update({{"apiVersion", "eida/v1"}, {"kind", kind}});
  *out_ << (format_ == "json" ? Pretty(object) : object.dump() + "\n");
}

void Printer::Report(const std::string& kind, const render::Table& table, const Json& value) {
  if (json()) return Object(kind, value, "");
  Table(table);
}

void Printer::Line(const Json& item) { *out_ << item.dump() << "\n" << std::flush; }

void Printer::Table(const render::Table& table) {
  *out_ << (format_ == "md"      ? render::ToMarkdown(table)
            : format_ == "latex" ? render::ToLatex(table)
            : format_ == "csv"   ? render::ToCsv(table, !no_headers_)
                                 : render::ToText(table, !no_headers_));
}

std::string Ago(int64_t then_ms, int64_t now_ms) {
  return then_ms <= 0 ? "-" : FormatDuration(Millis(std::max<int64_t>(0, now_ms - then_ms)));
}

std::string Percent(double value) { return FormatFixed(value * 100, 1); }

std::string FormatFixed(double value, int decimals) {
  char text[64];
  snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace eida::client
