// Reads a Tree into typed fields. Every problem becomes a diagnostic and a default, so that one
// pass finds them all. The keys that are asked for are the keys that are known: what nobody asked
// for is an unknown key.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/spec/yaml_tree.h"

namespace eida::spec {

// What was asked of a key, whether or not the file has it: fields.h makes explanations of it.
struct FieldUse {
  std::string path;      // "variants[0].train.lr"
  std::string type;      // "a whole number"; "" where whoever asks reads the value by itself
  std::string fallback;  // the value of an absent key; "" = it has none
  std::vector<std::string> choices;
  std::optional<double> low, high;
  bool required = false;
};

// Shared by all readers of one file.
struct ReadContext {
  std::vector<Diagnostic>* diagnostics;
  SourceMap* places;
  std::vector<FieldUse>* uses = nullptr;  // null: nobody wants to know
};

class MapReader {
 public:
  // `tree` null or of another kind: reported (unless null and not `required`) and read as empty.
  MapReader(ReadContext* context, const Tree* tree, std::string path, bool required = true);
  // Reports unknown keys. Call once, after all fields were read.
  void Finish();

  // The value of a key, or null; asking makes it known. `required`: missing is reported. `type`:
  // what the value must be, for explanations.
  const Tree* Get(const std::string& key, bool required = false, const char* type = "");
  std::string Text(const std::string& key, const std::string& fallback, bool required = false,
                   const char* type = "a text");
  int64_t Int(const std::string& key, int64_t fallback, int64_t low, int64_t high,
              bool required = false);
  double Number(const std::string& key, double fallback, double low, double high,
                bool required = false);
  // Nothing where the key is absent.
  std::optional<int64_t> MaybeInt(const std::string& key, int64_t low, int64_t high);
  std::optional<double> MaybeNumber(const std::string& key, double low, double high,
                                    bool required = false);
  bool Flag(const std::string& key, bool fallback);
  std::string Choice(const std::string& key, const std::string& fallback,
                     const std::vector<std::string>& choices, bool required = false);
  std::vector<std::string> Texts(const std::string& key, const std::vector<std::string>& fallback,
                                 const char* type = "a list of texts");
  Millis Duration(const std::string& key, Millis fallback);
  MapReader Map(const std::string& key, bool required = false);
  bool Has(const std::string& key) const { return tree_ != nullptr && tree_->Find(key) != nullptr; }

  // "train.lr" for messages and places.
  std::string PathOf(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
  }
  const Tree* tree() const { return tree_; }
  const std::string& path() const { return path_; }
  ReadContext* context() const { return context_; }

  void Error(const Tree* at, const std::string& code, const std::string& message) const;
  void Warn(const Tree* at, const std::string& code, const std::string& message) const;

 private:
  // Notes what is asked, and finds it.
  const Tree* Ask(const std::string& key, FieldUse use);
  const Tree* Scalar(const std::string& key, FieldUse use);
  // `fallback` where there is nothing or no whole number in the range.
  template <class T, class Parse>
  T Numeric(const Tree* value, const FieldUse& use, T fallback, Parse parse) const;
  ReadContext* context_;
  const Tree* tree_ = nullptr;
  const Tree* place_ = nullptr;  // where a missing key is reported
  std::string path_;
  std::vector<std::string> known_;
};

std::string RangeText(double low, double high);  // "between 0 and 1"

// Strict scalars: decimal only, no octal, no yes/on, no spaces; nothing when the text is not one.
std::optional<int64_t> ParseInt(const std::string& text);
std::optional<double> ParseNumber(const std::string& text);
std::optional<Millis> ParseDuration(const std::string& text);  // 90s, 10m, 1h30m, 500ms

}  // namespace eida::spec
