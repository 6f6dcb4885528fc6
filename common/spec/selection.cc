#include "common/spec/selection.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/spec/reader.h"

namespace eida::spec {
namespace {

const std::vector<std::string> kFields = {"variant", "seed", "name", "state"};

bool Compare(int64_t a, const std::string& op, int64_t b) {
  if (op == "=") return a == b;
  if (op == "!=") return a != b;
  if (op == "<") return a < b;
  if (op == "<=") return a <= b;
  if (op == ">") return a > b;
  return a >= b;
}

bool Compare(const std::string& a, const std::string& op, const std::string& b) {
  if (op == "=") return a == b;
  if (op == "!=") return a != b;
  return GlobMatch(b, a) == (op == "~");
}

}  // namespace

std::string RunName(const std::string& variant, int64_t seed) {
  return variant + "/seed" + std::to_string(seed);
}

Result<Selection> Selection::Parse(const std::string& text) {
  Selection selection;
  if (Trim(text).empty()) return selection;
  for (const std::string& part : Split(text, ',')) {
    const std::string term(Trim(part));
    const size_t at = term.find_first_of("=!~<>");
    Term parsed;
    parsed.field = std::string(Trim(term.substr(0, at)));
    if (at == std::string::npos || parsed.field.empty()) {
      return InvalidArgument(
          "\"" + term + "\" is not a term of a selection; write for example variant~lora-*,seed<3");
    }
    for (const char* op : {"!=", "!~", "<=", ">=", "=", "~", "<", ">"}) {
      if (term.compare(at, std::string(op).size(), op) == 0) {
        parsed.op = op;
        break;
      }
    }
    if (parsed.op.empty())
      return InvalidArgument("\"" + term + "\": expected one of = != ~ !~ < <= > >= after \"" +
                             parsed.field + "\"");
    parsed.value = std::string(Trim(term.substr(at + parsed.op.size())));
    if (std::find(kFields.begin(), kFields.end(), parsed.field) == kFields.end()) {
      return InvalidArgument("\"" + parsed.field + "\" is no field of a run" +
                             Meant(parsed.field, kFields) + " (fields: " + Join(kFields, ", ") +
                             ")");
    }
    const bool ordered = parsed.op[0] == '<' || parsed.op[0] == '>';
    if (parsed.field == "seed") {
      const std::optional<int64_t> number = ParseInt(parsed.value);
      if (!number || parsed.op.find('~') != std::string::npos)
        return InvalidArgument("\"" + term + "\": a seed is compared with a whole number");
      parsed.number = *number;
    } else if (ordered) {
      return InvalidArgument("\"" + term + "\": only seeds have an order");
    }
    selection.terms_.push_back(std::move(parsed));
  }
  return selection;
}

bool Selection::Matches(const std::string& variant, int64_t seed, const std::string& name,
                        const std::string& state) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    if (term.field == "seed") return Compare(seed, term.op, term.number);
    if (term.field == "state") return !state.empty() && Compare(state, term.op, term.value);
    return Compare(term.field == "variant" ? variant : name, term.op, term.value);
  });
}

}  // namespace eida::spec
