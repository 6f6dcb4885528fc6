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
part() { # name, command
  local name=$1 before=$SECONDS code=0
  shift
  printf '== %s\n' "$name"
  "$@" || code=$?
  printf '== %s: %d s%s\n' "$name" $((SECONDS - before)) "$( ((code == 0)) || echo ", FAILED")"
  return $code
}
build() { # preset, targets
  local preset=$1
  shift
  cmake --preset "$preset" >"build/$preset-configure.log" 2>&1 || { cat "build/$preset-configure.log"; return 1; }
  ninja -C "build/$preset" "$@" >"build/$preset-build.log" 2>&1 || { grep -B2 -A12 -E 'error|FAILED' "build/$preset-build.log" | head -100; return 1; }
  tail -1 "build/$preset-build.log"
}

# The core rooms' other tests run under AddressSanitizer alone; these are cut short by sanitizers or are not built with one.
plain=(eida_sched_test eida_plan_test eida_store_test eida_service_test eida_engine_test eida_analysis_test eida_runner_test)
programs=(eidactl eida-coordinator eida-worker eida-runner)
unsanitized() {
  part "build" build ci "${plain[@]}" "${programs[@]}" &&
    part "tests, end to end too" tests/run_changed.py build/ci "${all[@]}" --only "${plain[@]}" "e2e_*"
}
# The coordinator and the agent: every test with threads in it.
threaded=(eida_base_test eida_rpc_test eida_http_test eida_telemetry_test eida_sched_test eida_flow_test eida_store_test eida_artifacts_test
  eida_app_test eida_service_test eida_exec_test eida_agent_test eida_agent_program_test)
sanitized() { # preset, its name, tests (none: all)
  local preset=$1 name=$2
  shift 2
  # Behind the tests end to end, which wait for real programs.
  renice -n 4 $BASHPID >/dev/null
  part "build for $name" build "$preset" "${@:-eida_tests}" &&
    part "tests, $name" tests/run_changed.py "build/$preset" "${all[@]}" ${1:+--only "$@"}
}

mkdir -p build
part bootstrap deploy/bootstrap.sh test
part lint python3 tests/lint/lint.py
# Three at a time: after a change in one room each of them has one source to compile and one program to wait for.
trap 'kill 0' INT  # the parts in the background do not hear it; TERM stays this script's own
sanitized asan "AddressSanitizer and UBSan" >build/asan.log 2>&1 &
asan=$!
sanitized tsan ThreadSanitizer "${threaded[@]}" >build/tsan.log 2>&1 &
tsan=$!
bad=0
unsanitized || bad=1
for preset in asan tsan; do
  wait "${!preset}" || bad=1
  cat "build/$preset.log"
done
printf 'all parts: %d s\n' $((SECONDS - started))
exit $bad
