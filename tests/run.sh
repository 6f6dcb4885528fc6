#!/usr/bin/env bash
# Every test and lint of the project: what `make test` and CI run. Says what each part cost.
#
#   tests/run.sh [--all]
#
# A test that passed with the same programs and data is not run again; --all runs it.
set -euo pipefail
cd "$(dirname "$0")/.."

all=("$@")
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
mkdir -p build
part bootstrap deploy/bootstrap.sh test
part lint python3 tests/lint/lint.py
part "build" build ci
part "tests, end to end too" tests/run_changed.py build/ci "${all[@]}"
part "build for AddressSanitizer and UBSan" build asan eida_tests
part "tests, AddressSanitizer and UBSan" tests/run_changed.py build/asan "${all[@]}"
# The coordinator and the agent: every test with threads in it.
threaded=(eida_base_test eida_rpc_test eida_http_test eida_telemetry_test eida_sched_test eida_flow_test eida_store_test eida_artifacts_test
  eida_app_test eida_service_test eida_exec_test eida_agent_test eida_agent_program_test)
part "build for ThreadSanitizer" build tsan "${threaded[@]}"
part "tests, ThreadSanitizer" tests/run_changed.py build/tsan "${all[@]}" --only "${threaded[@]}"
printf 'all parts: %d s\n' $((SECONDS - started))
