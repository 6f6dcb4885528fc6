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
build() { # preset
  cmake --preset "$1" >"build/$1-configure.log" 2>&1 || { cat "build/$1-configure.log"; return 1; }
  ninja -C "build/$1" | tail -1
}
check() { # preset, ctest options
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --output-on-failure -j2 "$@"
}

mkdir -p build
part bootstrap deploy/bootstrap.sh test
part lint python3 tests/lint/lint.py
part "build dev" build dev
part "build asan" build asan
part "build tsan" build tsan
part "tests, AddressSanitizer and UBSan over the core rooms" check asan -LE e2e
part "tests, ThreadSanitizer over the coordinator and the agent" check tsan -L threads
part "tests" check dev
printf 'all parts: %d s\n' $((SECONDS - started))
