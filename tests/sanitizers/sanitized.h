// Whether this build runs under a sanitizer: for bounds on time and amounts of work in tests.
#pragma once

namespace eida {

#ifdef EIDA_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace eida
