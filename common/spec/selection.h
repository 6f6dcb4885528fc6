// Which runs: `variant~lora-*,seed<3,variant!=full`. Terms are joined by "and".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/status.h"

namespace eida::spec {

// "lora-r8/seed3": what a run is called.
std::string RunName(const std::string& variant, int64_t seed);

// Fields: variant, seed, name, state. Operators: = != ~ (glob) !~ and, for seed, < <= > >=.
class Selection {
 public:
  // "" selects everything. InvalidArgument names the term and what it could have been.
  static Result<Selection> Parse(const std::string& text);
  // `state` may be empty where states do not exist yet; a term on it then never matches.
  bool Matches(const std::string& variant, int64_t seed, const std::string& name,
               const std::string& state = "") const;

 private:
  struct Term {
    std::string field, op, value;
    int64_t number = 0;
  };
  std::vector<Term> terms_;
};

}  // namespace eida::spec
