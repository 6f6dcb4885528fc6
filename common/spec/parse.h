// sweep.yaml -> SweepSpec. Pure: reads no file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/spec/diagnostic.h"
#include "common/spec/sweep_spec.h"

namespace eida::spec {

struct ParseResult {
  std::optional<SweepSpec> spec;  // absent when there is an error
  std::vector<Diagnostic> diagnostics;
};

// All errors at once. `overrides` are "path=value" texts (--set), applied before validation; they
// are reported as file "--set". "preset=NAME" chooses one of the file's presets (presets.h).
ParseResult ParseSweep(const std::string& text, const std::string& file_name,
                       const std::vector<std::string>& overrides);

}  // namespace eida::spec
