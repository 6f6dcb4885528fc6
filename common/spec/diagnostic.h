// What is wrong with a sweep file, where, and what was probably meant.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace eida::spec {

enum class Severity { kError, kWarning };

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code;     // syntax, duplicate-key, unknown-key, missing-key, type, range, enum,
                        // bad-reference, ...
  std::string message;  // one line
  std::string file;
  int line = 0;    // from 1; 0 = the whole file
  int column = 0;  // from 1
  int length = 1;  // of the underlined text
  std::string source_line;
  // The section whose keys help, as explain-field calls it; nothing where they do not.
  std::optional<std::string> section;
};

bool HasErrors(const std::vector<Diagnostic>& diagnostics);
// file:line:column: error: message [code], source line, caret; a last line with the counts.
// INTERFACE 1.4.
std::string Render(const std::vector<Diagnostic>& diagnostics, const std::string& file, bool color);

}  // namespace eida::spec
