// Reads a text as a sweep file.
#pragma once

#include <string>
#include <vector>

#include "common/spec/parse.h"
#include "gtest/gtest.h"

namespace eida::spec {

inline ParseResult Parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return ParseSweep(text, "sweep.yaml", overrides);
}

// The diagnostic with this code, or a failure that shows what there was instead.
inline Diagnostic Only(const std::string& text, const std::string& code,
                       const std::vector<std::string>& overrides = {}) {
  const ParseResult result = Parse(text, overrides);
  EXPECT_FALSE(result.spec.has_value());
  for (const Diagnostic& d : result.diagnostics) {
    if (d.code == code) return d;
  }
  ADD_FAILURE() << "no [" << code << "] in\n" << Render(result.diagnostics, "sweep.yaml", false);
  return {};
}

}  // namespace eida::spec
