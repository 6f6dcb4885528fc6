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
# Of the end-to-end tests those that refuse bad input; the others start whole studies, and some of them depend on the machine's
# speed or on output that has changed since: `make e2e` runs them all.
part "tests" check ci -E '^e2e_(run|interrupt|embedded|cluster|chaos)$'
# Under the sanitizers, for now: the scheduler, the store and the agent. Target eida_tests builds every test of these presets.
guarded=(eida_exec_test eida_agent_test eida_sched_test eida_flow_test eida_store_test eida_artifacts_test)
guarded_pattern="^($(IFS='|'; echo "${guarded[*]}"))\$"
part "build asan" build asan "${guarded[@]}"
part "tests, AddressSanitizer and UBSan" check asan -R "$guarded_pattern"
part "build tsan" build tsan "${guarded[@]}"
part "tests, ThreadSanitizer" check tsan -R "$guarded_pattern"
printf 'all parts: %d s\n' $((SECONDS - started))
