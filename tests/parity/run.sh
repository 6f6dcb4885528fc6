#!/usr/bin/env bash
# Compares Eida's numerics with transformers, PEFT, sacrebleu, NumPy and SciPy, live. Arguments are names of test files (default: all), or one script.
# EIDA_TOKENIZERS names a folder with gpt2/tokenizer.json and bert-base-uncased/tokenizer.json; without it those two are left out.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${EIDA_BUILD:-build/release}
[ -x .deps/parity-venv/bin/python ] || { echo "the oracles are not installed: deploy/parity/setup.sh" >&2; exit 1; }
[ -f "$build/build.ninja" ] || cmake --preset release >/dev/null
ninja -C "$build" eida-runner eida_states eida_tokens eida_scores eida_linkage | tail -1
export EIDA_BIN=$PWD/$build/bin
# Waiting threads sleep: on a machine with other work, spinning ones make a step take seconds.
export OMP_WAIT_POLICY=passive HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore
cd tests/parity
tests=("$@")
[ ${#tests[@]} -gt 0 ] || tests=(test_*.py)
case "${tests[0]}" in test_*) ;; *) exec ../../.deps/parity-venv/bin/python "${tests[@]}" ;; esac
exec ../../.deps/parity-venv/bin/python -m unittest -v "${tests[@]}"
