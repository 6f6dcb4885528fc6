#include "common/spec/reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "common/base/text.h"

namespace eida::spec {
namespace {

std::string Quoted(const std::string& text) { return "\"" + Ellipsis(text, 60) + "\""; }

std::string In(const std::string& path) { return path.empty() ? "" : " in \"" + path + "\""; }

std::string RangeText(double low, double high) {
  if (std::isinf(high) || high >= 1e15) return "at least " + FormatDouble(low);
  return "between " + FormatDouble(low) + " and " + FormatDouble(high);
}

}  // namespace

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
    const std::string meant = Nearest(key.text, known_);
    std::string message = "unknown key " + Quoted(key.text) + In(path_);
    if (!meant.empty())
      message += "; did you mean \"" + meant + "\"?";
    else
      message += "; expected one of: " + Join(known_, ", ");
    Error(&key, "unknown-key", message);
  }
}

const Tree* MapReader::Get(const std::string& key, bool required) {
  known_.push_back(key);
  const Tree* value = tree_ == nullptr ? nullptr : tree_->Find(key);
  if (value != nullptr) {
    (*context_->places)[PathOf(key)] = value->place;
    return value;
  }
  if (required) Error(place_, "missing-key", "missing key \"" + key + "\"" + In(path_));
  return nullptr;
}

const Tree* MapReader::Scalar(const std::string& key, bool required, const char* what) {
  const Tree* value = Get(key, required);
  if (value == nullptr) return nullptr;
  if (value->kind == Tree::Kind::kNull && !required) return nullptr;
  if (value->kind != Tree::Kind::kScalar) {
    Error(value, "type",
          "\"" + PathOf(key) + "\" must be " + what + ", not " + KindName(value->kind));
    return nullptr;
  }
  return value;
}

std::string MapReader::Text(const std::string& key, const std::string& fallback, bool required) {
  const Tree* value = Scalar(key, required, "a text");
  return value == nullptr ? fallback : value->text;
}

int64_t MapReader::Int(const std::string& key, int64_t fallback, int64_t low, int64_t high,
                       bool required) {
  const Tree* value = Scalar(key, required, "a whole number");
  if (value == nullptr) return fallback;
  const std::optional<int64_t> number = value->quoted ? std::nullopt : ParseInt(value->text);
  if (!number) {
    Error(value, "type",
          "\"" + PathOf(key) + "\" must be a whole number, not " + Quoted(value->text));
    return fallback;
  }
  if (*number < low || *number > high) {
    Error(value, "range",
          "\"" + PathOf(key) + "\" is " + value->text + ", but must be " +
              RangeText(static_cast<double>(low), static_cast<double>(high)));
    return fallback;
  }
  return *number;
}

double MapReader::Number(const std::string& key, double fallback, double low, double high,
                         bool required) {
  const Tree* value = Scalar(key, required, "a number");
  if (value == nullptr) return fallback;
  const std::optional<double> number = value->quoted ? std::nullopt : ParseNumber(value->text);
  if (!number) {
    Error(value, "type", "\"" + PathOf(key) + "\" must be a number, not " + Quoted(value->text));
    return fallback;
  }
  if (!(*number >= low && *number <= high)) {
    Error(value, "range",
          "\"" + PathOf(key) + "\" is " + value->text + ", but must be " + RangeText(low, high));
    return fallback;
  }
  return *number;
}

bool MapReader::Flag(const std::string& key, bool fallback) {
  const Tree* value = Scalar(key, false, "true or false");
  if (value == nullptr) return fallback;
  if (!value->quoted && (value->text == "true" || value->text == "false"))
    return value->text == "true";
  Error(value, "type", "\"" + PathOf(key) + "\" must be true or false, not " + Quoted(value->text));
  return fallback;
}

std::string MapReader::Choice(const std::string& key, const std::string& fallback,
                              const std::vector<std::string>& choices, bool required) {
  const Tree* value = Scalar(key, required, "a text");
  if (value == nullptr) return fallback;
  if (std::find(choices.begin(), choices.end(), value->text) != choices.end()) return value->text;
  const std::string meant = Nearest(value->text, choices);
  std::string message = "\"" + PathOf(key) + "\" is " + Quoted(value->text) +
                        ", expected one of: " + Join(choices, ", ");
  if (!meant.empty()) message += "; did you mean \"" + meant + "\"?";
  Error(value, "enum", message);
  return fallback;
}

std::vector<std::string> MapReader::Texts(const std::string& key,
                                          const std::vector<std::string>& fallback) {
  const Tree* value = Get(key);
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
  const Tree* value = Scalar(key, false, "a duration");
  if (value == nullptr) return fallback;
  const std::optional<Millis> duration = ParseDuration(value->text);
  if (duration) return *duration;
  Error(value, "type",
        "\"" + PathOf(key) + "\" must be a duration such as 90s, 10m or 1h30m, not " +
            Quoted(value->text));
  return fallback;
}

MapReader MapReader::Map(const std::string& key, bool required) {
  const Tree* value = Get(key, required);
  return MapReader(context_, value, PathOf(key), required);
}

void MapReader::Error(const Tree* at, const std::string& code, const std::string& message) const {
  Diagnostic d{Severity::kError, code, message, at == nullptr ? "" : at->file, 0, 0, 1, ""};
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
