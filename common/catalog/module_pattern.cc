#include "common/catalog/module_pattern.h"

#include <cstring>
#include <regex>

namespace eida::catalog {
namespace {

constexpr size_t kLongest = 2000;

// The first part of the pattern that both grammars do not read alike; "" = none.
std::string Foreign(const std::string& p) {
  bool in_set = false;
  for (size_t i = 0; i < p.size(); ++i) {
    const char c = p[i], next = i + 1 < p.size() ? p[i + 1] : '\0';
    if (static_cast<unsigned char>(c) >= 0x80) return p.substr(i, 1);
    if (c == '\\') {
      const bool letter = std::isalnum(static_cast<unsigned char>(next)) != 0;
      if (next == '\0' || (letter && std::strchr("dDwWsSbB", next) == nullptr) ||
          (in_set && (next == 'b' || next == 'B')))
        return p.substr(i, 2);
      ++i;
    } else if (in_set) {
      if (c == '[') return "[ within a set";
      if (c == ']') in_set = false;
    } else if (c == '[') {
      in_set = true;
      if (next == '^') ++i;
      if (i + 1 < p.size() && p[i + 1] == ']') return "a set that begins with ]";
    } else if (c == '(' && next == '?') {
      const char kind = i + 2 < p.size() ? p[i + 2] : '\0';
      if (kind != ':' && kind != '=' && kind != '!') return p.substr(i, 3);
    } else if ((c == '*' || c == '+' || c == '?' || c == '}') && next == '+') {
      return p.substr(i, 2);
    } else if (c == '{' && (next < '0' || next > '9')) {
      return p.substr(i, 2);
    }
  }
  return "";
}

}  // namespace

struct ModulePattern::Compiled {
  std::regex regex;
};

Result<ModulePattern> ModulePattern::Make(const std::string& pattern) {
  if (pattern.size() > kLongest)
    return InvalidArgument("a pattern of " + std::to_string(pattern.size()) + " characters");
  if (const std::string foreign = Foreign(pattern); !foreign.empty())
    return InvalidArgument("the regular expression \"" + pattern + "\" has " + foreign +
                           ", which is not read here");
  ModulePattern made;
  try {
    // The breadth-first executor: a pattern from elsewhere cannot take exponential time.
    made.compiled_ = std::make_shared<const Compiled>(
        Compiled{std::regex(pattern, std::regex::ECMAScript | std::regex_constants::__polynomial)});
  } catch (const std::regex_error& error) {
    return InvalidArgument("\"" + pattern + "\" is no regular expression that is read here (" +
                           error.what() + ")");
  }
  return made;
}

bool ModulePattern::Matches(const std::string& path) const {
  return std::regex_match(path, compiled_->regex);
}

}  // namespace eida::catalog
