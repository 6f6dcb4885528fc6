#include "common/spec/diagnostic.h"

#include <algorithm>

namespace eida::spec {
namespace {

constexpr const char* kRed = "\033[1;31m";
constexpr const char* kYellow = "\033[1;33m";
constexpr const char* kBold = "\033[1m";
constexpr const char* kReset = "\033[0m";

std::string Counted(size_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::string RenderOne(const Diagnostic& d, bool color) {
  const auto paint = [color](const char* code, const std::string& text) {
    return color ? code + text + kReset : text;
  };
  std::string place = d.file;
  if (d.line > 0) place += ":" + std::to_string(d.line) + ":" + std::to_string(d.column);
  const bool error = d.severity == Severity::kError;
  std::string out = (place.empty() ? "" : paint(kBold, place + ":") + " ") +
                    paint(error ? kRed : kYellow, error ? "error:" : "warning:") + " " + d.message +
                    " [" + d.code + "]\n";
  if (d.line > 0 && !d.source_line.empty()) {
    std::string number = std::to_string(d.line);
    if (number.size() < 5) number.insert(0, 5 - number.size(), ' ');
    // The caret line keeps the tabs of the source line, so that they stand under one another.
    std::string caret;
    for (int i = 0; i + 1 < d.column && i < static_cast<int>(d.source_line.size()); ++i)
      caret += d.source_line[i] == '\t' ? '\t' : ' ';
    const int room = std::max(1, static_cast<int>(d.source_line.size()) - d.column + 1);
    caret += "^" + std::string(static_cast<size_t>(std::clamp(d.length, 1, room) - 1), '~');
    out += number + " | " + d.source_line + "\n" + std::string(number.size(), ' ') + " | " +
           paint(kRed, caret) + "\n";
  }
  return out;
}

// Behind the counts: where the keys of the first mistake are explained.
std::string WhereToRead(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& d : diagnostics) {
    if (d.severity != Severity::kError || !d.section) continue;
    return "   See: eidactl explain-field" + (d.section->empty() ? "" : " " + *d.section);
  }
  return "";
}

}  // namespace

bool HasErrors(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

std::string Render(const std::vector<Diagnostic>& diagnostics, const std::string& file,
                   bool color) {
  std::string out;
  size_t errors = 0;
  for (const Diagnostic& d : diagnostics) {
    out += RenderOne(d, color);
    errors += d.severity == Severity::kError;
  }
  if (diagnostics.empty()) return out;
  const size_t warnings = diagnostics.size() - errors;
  std::string counts = errors > 0 ? Counted(errors, "error") : "";
  if (warnings > 0) counts += (errors > 0 ? ", " : "") + Counted(warnings, "warning");
  return out + counts + " in " + file + (errors > 0 ? " - nothing was submitted." : ".") +
         WhereToRead(diagnostics) + "\n";
}

}  // namespace eida::spec
