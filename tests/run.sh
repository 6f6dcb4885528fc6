#!/usr/bin/env bash
# Every test and lint of the project: what `make test` and CI run. Says what each part cost.
set -euo pipefail
cd "$(dirname "$0")/.."

started=$SECONDS
part() {
  local name=$1 before=$SECONDS
  shift
  printf '== %s\n' "$name"
  "$@"
  printf '== %s: %d s\n' "$name" $((SECONDS - before))
}
build() { # preset, targets
  local preset=$1
  shift
  cmake --preset "$preset" >"build/$preset-configure.log" 2>&1 || { cat "build/$preset-configure.log"; return 1; }
  ninja -C "build/$preset" "$@" >"build/$preset-build.log" 2>&1 || { grep -B2 -A12 -E 'error|FAILED' "build/$preset-build.log" | head -100; return 1; }
  tail -1 "build/$preset-build.log"
}
check() { # preset, ctest options
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --output-on-failure -j2 "$@"
}

mkdir -p build
part bootstrap deploy/bootstrap.sh test
part lint python3 tests/lint/lint.py
part "build" build ci
part "tests" check ci
# Under the sanitizers: every test that needs no torch, and under ThreadSanitizer those of rooms with threads (tests/CMakeLists.txt).
# What is suppressed, and why, stands in tests/sanitizers.
part "build asan" build asan eida_tests
part "tests, AddressSanitizer and UBSan" check asan
part "build tsan" build tsan eida_tests
part "tests, ThreadSanitizer" check tsan
printf 'all parts: %d s\n' $((SECONDS - started))
