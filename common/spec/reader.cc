#include "common/spec/reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/spec/fields.h"

namespace eida::spec {
namespace {

std::string Quoted(const std::string& text) { return "\"" + Ellipsis(text, 60) + "\""; }

std::string In(const std::string& path) { return path.empty() ? "" : " in \"" + path + "\""; }

}  // namespace

std::string RangeText(double low, double high) {
  if (std::isinf(high) || high >= 1e15) return "at least " + FormatDouble(low);
  return "between " + FormatDouble(low) + " and " + FormatDouble(high);
}

MapReader::MapReader(ReadContext* context, const Tree* tree, std::string path, bool required)
    : context_(context), place_(tree), path_(std::move(path)) {
  if (tree == nullptr || tree->kind == Tree::Kind::kMap) {
    tree_ = tree;
  } else if (required || tree->kind != Tree::Kind::kNull) {
    Error(tree, "type",
          (path_.empty() ? "the file" : "\"" + path_ + "\"") + std::string(" must be a map, not ") +
              KindName(tree->kind));
  }
}

void MapReader::Finish() {
  if (tree_ == nullptr) return;
  for (const auto& [key, value] : tree_->entries) {
    if (std::find(known_.begin(), known_.end(), key.text) != known_.end()) continue;
    const std::string meant = Meant(key.text, known_);
    Error(&key, "unknown-key",
          "unknown key " + Quoted(key.text) + In(path_) +
              (meant.empty() ? "; expected one of: " + Join(known_, ", ") : meant));
  }
}

const Tree* MapReader::Ask(const std::string& key, FieldUse use) {
  known_.push_back(key);
  if (context_->uses != nullptr) {
    use.path = PathOf(key);
    context_->uses->push_back(use);
  }
  const Tree* value = tree_ == nullptr ? nullptr : tree_->Find(key);
  if (value != nullptr) {
    (*context_->places)[PathOf(key)] = {value->file, value->place};
    return value;
  }
  if (use.required) Error(place_, "missing-key", "missing key \"" + key + "\"" + In(path_));
  return nullptr;
}

const Tree* MapReader::Get(const std::string& key, bool required, const char* type) {
  return Ask(key, {"", type, "", {}, {}, {}, required});
}

const Tree* MapReader::Scalar(const std::string& key, FieldUse use) {
  const Tree* value = Ask(key, use);
  if (value == nullptr) return nullptr;
  if (value->kind == Tree::Kind::kNull && !use.required) return nullptr;
  if (value->kind != Tree::Kind::kScalar) {
    Error(value, "type",
          "\"" + PathOf(key) + "\" must be " + use.type + ", not " + KindName(value->kind));
    return nullptr;
  }
  return value;
}

std::string MapReader::Text(const std::string& key, const std::string& fallback, bool required,
                            const char* type) {
  const Tree* value = Scalar(key, {"", type, fallback, {}, {}, {}, required});
  return value == nullptr ? fallback : value->text;
}

template <class T, class Parse>
T MapReader::Numeric(const Tree* value, const FieldUse& use, T fallback, Parse parse) const {
  const auto number = value->quoted ? std::nullopt : parse(value->text);
  const std::string path = PathOf(use.path);
  if (!number) {
    Error(value, "type", "\"" + path + "\" must be " + use.type + ", not " + Quoted(value->text));
    return fallback;
  }
  const auto as_double = static_cast<double>(*number);
  if (!(as_double >= *use.low && as_double <= *use.high)) {
    Error(value, "range",
          "\"" + path + "\" is " + value->text + ", but must be " + RangeText(*use.low, *use.high));
    return fallback;
  }
  return *number;
}

namespace {

FieldUse WholeUse(const std::string& key, int64_t low, int64_t high) {
  return {key, "a whole number", "", {}, static_cast<double>(low), static_cast<double>(high)};
}
FieldUse NumberUse(const std::string& key, double low, double high) {
  return {key, "a number", "", {}, low, high};
}

}  // namespace

int64_t MapReader::Int(const std::string& key, int64_t fallback, int64_t low, int64_t high,
                       bool required) {
  FieldUse use = WholeUse(key, low, high);
  use.fallback = std::to_string(fallback);
  use.required = required;
  const Tree* value = Scalar(key, use);
  return value == nullptr ? fallback : Numeric(value, use, fallback, ParseInt);
}

std::optional<int64_t> MapReader::MaybeInt(const std::string& key, int64_t low, int64_t high) {
  const FieldUse use = WholeUse(key, low, high);
  const Tree* value = Scalar(key, use);
  if (value == nullptr) return std::nullopt;
  return Numeric(value, use, std::max<int64_t>(low, 1), ParseInt);
}

double MapReader::Number(const std::string& key, double fallback, double low, double high,
                         bool required) {
  FieldUse use = NumberUse(key, low, high);
  use.fallback = FormatDouble(fallback);
  use.required = required;
  const Tree* value = Scalar(key, use);
  return value == nullptr ? fallback : Numeric(value, use, fallback, ParseNumber);
}

std::optional<double> MapReader::MaybeNumber(const std::string& key, double low, double high,
                                             bool required) {
  FieldUse use = NumberUse(key, low, high);
  use.required = required;
  const Tree* value = Scalar(key, use);
  if (value == nullptr) return std::nullopt;
  return Numeric(value, use, std::clamp(1.0, low, high), ParseNumber);
}

bool MapReader::Flag(const std::string& key, bool fallback) {
  const Tree* value = Scalar(key, {"", "true or false", fallback ? "true" : "false"});
  if (value == nullptr) return fallback;
  if (!value->quoted && (value->text == "true" || value->text == "false"))
    return value->text == "true";
  Error(value, "type", "\"" + PathOf(key) + "\" must be true or false, not " + Quoted(value->text));
  return fallback;
}

std::string MapReader::Choice(const std::string& key, const std::string& fallback,
                              const std::vector<std::string>& choices, bool required) {
  const Tree* value = Scalar(key, {"", "a text", fallback, choices, {}, {}, required});
  if (value == nullptr) return fallback;
  if (std::find(choices.begin(), choices.end(), value->text) != choices.end()) return value->text;
  Error(value, "enum",
        "\"" + PathOf(key) + "\" is " + Quoted(value->text) +
            ", expected one of: " + Join(choices, ", ") + Meant(value->text, choices));
  return fallback;
}

std::vector<std::string> MapReader::Texts(const std::string& key,
                                          const std::vector<std::string>& fallback,
                                          const char* type) {
  const Tree* value = Ask(key, {"", type, Join(fallback, ", ")});
  if (value == nullptr || value->kind == Tree::Kind::kNull) return fallback;
  if (value->kind == Tree::Kind::kScalar) return {value->text};
  if (value->kind != Tree::Kind::kList) {
    Error(value, "type",
          "\"" + PathOf(key) + "\" must be a list of texts, not " + KindName(value->kind));
    return fallback;
  }
  std::vector<std::string> texts;
  for (const Tree& item : value->items) {
    if (item.kind == Tree::Kind::kScalar)
      texts.push_back(item.text);
    else
      Error(&item, "type",
            "\"" + PathOf(key) + "\" holds " + KindName(item.kind) + " where a text is expected");
  }
  if (texts.empty()) Error(value, "range", "\"" + PathOf(key) + "\" is empty");
  return texts;
}

Millis MapReader::Duration(const std::string& key, Millis fallback) {
  const Tree* value = Scalar(key, {"", "a duration", FormatDuration(fallback)});
  if (value == nullptr) return fallback;
  const std::optional<Millis> duration = ParseDuration(value->text);
  if (duration) return *duration;
  Error(value, "type",
        "\"" + PathOf(key) + "\" must be a duration such as 90s, 10m or 1h30m, not " +
            Quoted(value->text));
  return fallback;
}

MapReader MapReader::Map(const std::string& key, bool required) {
  const Tree* value = Get(key, required, "a map");
  return MapReader(context_, value, PathOf(key), required);
}

void MapReader::Error(const Tree* at, const std::string& code, const std::string& message) const {
  static const std::set<std::string> kOfAKey = {"unknown-key", "missing-key", "type", "range",
                                                "enum"};
  Diagnostic d{Severity::kError, code, message, at == nullptr ? "" : at->file, 0, 0, 1, ""};
  if (kOfAKey.count(code) > 0) d.section = SectionPath(path_);
  if (at != nullptr)
    d.line = at->place.line, d.column = at->place.column, d.length = at->place.length;
  context_->diagnostics->push_back(std::move(d));
}

void MapReader::Warn(const Tree* at, const std::string& code, const std::string& message) const {
  Error(at, code, message);
  context_->diagnostics->back().severity = Severity::kWarning;
}

std::optional<int64_t> ParseInt(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const size_t digits = text[0] == '-' ? 1 : 0;
  if (text.size() > digits + 1 && text[digits] == '0')
    return std::nullopt;  // 010 reads as 8 elsewhere
  return value;
}

std::optional<double> ParseNumber(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<Millis> ParseDuration(const std::string& text) {
  int64_t total = 0;
  size_t at = 0;
  if (text.empty()) return std::nullopt;
  while (at < text.size()) {
    double amount = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), amount,
                                              std::chars_format::fixed);
    if (error != std::errc() || amount < 0 || amount > 1e9) return std::nullopt;
    at = static_cast<size_t>(end - text.data());
    double unit = 0;
    size_t size = 1;
    if (text.compare(at, 2, "ms") == 0)
      unit = 1, size = 2;
    else if (text.compare(at, 1, "s") == 0)
      unit = 1000;
    else if (text.compare(at, 1, "m") == 0)
      unit = 60'000;
    else if (text.compare(at, 1, "h") == 0)
      unit = 3'600'000;
    else if (text.compare(at, 1, "d") == 0)
      unit = 86'400'000;
    else
      return std::nullopt;
    at += size;
    total += static_cast<int64_t>(std::llround(amount * unit));
  }
  return Millis(total);
}

}  // namespace eida::spec
