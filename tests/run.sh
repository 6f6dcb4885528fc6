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
# What runs under the sanitizers: the coordinator's scheduler and store, and the agent. Programs that link Debian's gRPC are left
# out of the thread sanitizer, since that library is not instrumented and reports races of its own by the hundred.
guarded=(eida_exec_test eida_agent_test eida_sched_test eida_flow_test eida_store_test eida_artifacts_test)
guarded_pattern="^($(IFS='|'; echo "${guarded[*]}"))\$"

part bootstrap deploy/bootstrap.sh test
part lint python3 tests/lint/lint.py
part "build dev" build dev
part "tests" check dev
part "build asan" build asan "${guarded[@]}"
part "tests, AddressSanitizer and UBSan" check asan -R "$guarded_pattern"
part "build tsan" build tsan "${guarded[@]}"
part "tests, ThreadSanitizer" check tsan -R "$guarded_pattern"
printf 'all parts: %d s\n' $((SECONDS - started))
