// From a parsed sweep to what its files must be, and from what is wrong with them back to places in
// the sweep file.
#pragma once

#include <string>
#include <vector>

#include "common/inputs/gather.h"
#include "common/spec/diagnostic.h"
#include "common/spec/sweep_spec.h"

namespace eida::spec {

inputs::Wanted WantedBy(const SweepSpec& spec, const std::string& base_directory);
std::vector<inputs::SplitRule> SplitRulesOf(const DataSpec& data);
// One diagnostic a problem, code "input", at the value that named the file.
std::vector<Diagnostic> ToDiagnostics(const std::vector<inputs::Problem>& problems,
                                      const SweepSpec& spec, const std::string& text,
                                      const std::string& file_name);

}  // namespace eida::spec
