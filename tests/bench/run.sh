#!/usr/bin/env bash
# `make bench`: the micro-benchmarks, tokenising beside Python's tokenizers, single runs and then the whole demo study beside
# transformers + PEFT; the passes that analyses take beside the naive count. Prints; asserts nothing.
#
#   tests/bench/run.sh [--quick] [--micro | --tokenizer | --runs | --study | --cost] [options of study_bench.py, see --help]
#
# Tokenising and single runs take EIDA_BENCH_ROWS, tokenising EIDA_BENCH_TOKENIZERS (see tokenizer_bench.py --help); without them
# the demo's files. Results: build/bench/micro.json, tokenizer.json, runs.json, study.json and cost.json.
set -euo pipefail
cd "$(dirname "$0")/../.."

micro=1 tokenizer=1 runs=1 study=1 cost=1 quick= rest=()
for argument in "$@"; do
  case "$argument" in
    --micro) tokenizer= runs= study= cost= ;;
    --tokenizer) micro= runs= study= cost= ;;
    --runs) micro= tokenizer= study= cost= ;;
    --study) micro= tokenizer= runs= cost= ;;
    --cost) micro= tokenizer= runs= study= ;;
    --quick) quick=1 rest+=(--quick) ;;
    *) rest+=("$argument") ;;
  esac
done
build=${EIDA_BUILD:-build/release}
python=.deps/parity-venv/bin/python
if [ -n "$study$runs$tokenizer" ] && { [ ! -x $python ] || [ ! -f .deps/demo/reviews.tsv ]; }; then
  deploy/bootstrap.sh demo
  deploy/parity/setup.sh
fi
mkdir -p build/bench
cmake --preset release -DEIDA_BENCH=ON >build/bench/configure.log 2>&1 || { cat build/bench/configure.log; exit 1; }
ninja -C "$build" eidactl eida-coordinator eida-worker eida-runner eida_bench eida_tokenizer_bench | tail -1
if [ -n "$micro" ]; then
  "$build/bin/eida_bench" ${quick:+--benchmark_min_time=0.01} --benchmark_out=build/bench/micro.json --benchmark_out_format=json
fi
[ -z "$tokenizer" ] || $python tests/bench/tokenizer_bench.py --bin "$build/bin" ${quick:+--rounds 2} --out build/bench/tokenizer.json
[ -z "$runs" ] || PYTHONDONTWRITEBYTECODE=1 $python tests/bench/runs_bench.py --bin "$build/bin" ${quick:+--quick} --out build/bench/runs.json
[ -z "$study" ] || PYTHONDONTWRITEBYTECODE=1 $python tests/bench/study_bench.py --bin "$build/bin" "${rest[@]}"
[ -z "$cost" ] || PYTHONDONTWRITEBYTECODE=1 python3 tests/bench/cost_bench.py --bin "$build/bin" --out build/bench/cost.json
