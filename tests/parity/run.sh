#!/usr/bin/env bash
# Compares Eida's numerics with transformers, PEFT and NumPy, live. Arguments are names of test files (default: all).
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${EIDA_BUILD:-build/release}
if [ -z "${EIDA_RUNNER:-}" ]; then
  [ -f "$build/build.ninja" ] || cmake --preset release >/dev/null
  ninja -C "$build" eida-runner | tail -1
  export EIDA_RUNNER=$PWD/$build/bin/eida-runner
fi
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false PYTHONDONTWRITEBYTECODE=1
cd tests/parity
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(test_*.py)
exec ../../.deps/parity-venv/bin/python -m unittest -v "${tests[@]}"
