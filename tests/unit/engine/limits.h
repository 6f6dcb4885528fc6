// The tolerances of tests/parity/limits.def as constants: limits::hidden_states.
#pragma once

namespace eida::engine::limits {

#define EIDA_LIMIT(name, limit, what) inline constexpr double name = limit;
#include "tests/parity/limits.def"
#undef EIDA_LIMIT

}  // namespace eida::engine::limits
