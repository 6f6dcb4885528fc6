#!/usr/bin/env bash
# Eida's runner on a GPU: agreement with the CPU, two processes by NCCL, and speed (check.py says what is compared). The machine needs nothing of Eida's but
# a bundle, and Python with torch 2.11.0, whose libtorch the runner then uses.
#
#   tests/gpu/run.sh bundle          writes build/gpu: the runner (EIDA_BUILD, default build/release), libraries, tiny models, this folder
#   build/gpu/run.sh check [DEVICE]  on the GPU machine; DEVICE is cuda:0. With `cpu` it compares the CPU with itself: the script's own test
#
# PYTHON names the interpreter (default python3).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

bundle() {
  cd "$here/../.."
  local build=${EIDA_BUILD:-build/release} out=build/gpu
  ninja -C "$build" eida-runner | tail -1
  rm -rf $out
  mkdir -p $out/lib
  cp "$build/bin/eida-runner" "$here/run.sh" "$here/check.py" $out
  cp -r tests/golden/models $out/models
  find $out/models -name numbers.safetensors -delete
  strip $out/eida-runner
  # Not what torch brings, and not the C library; the C++ one too, which may be newer here.
  ldd "$build/bin/eida-runner" | awk '$3 ~ /^\// { print $3 }' | grep -Ev '/torch/|/(libc|libm|libdl|librt|libutil|libpthread|ld-linux-.*)\.so' |
    while read -r library; do cp -L "$library" $out/lib; done
  echo "gpu: $out, $(du -sm $out | cut -f1) MiB"
}

check() {
  local python=${PYTHON:-python3} torch
  torch=$($python -c 'import os, torch; assert torch.__version__.split("+")[0] == "2.11.0", torch.__version__; print(os.path.dirname(torch.__file__))')
  # The CUDA libraries of a wheel lie beside it.
  LD_LIBRARY_PATH=$here/lib:$torch/lib:$(echo "$(dirname "$torch")"/nvidia/*/lib | tr ' ' :)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
    exec $python "$here/check.py" "${1:-cuda:0}"
}

case "${1:-}" in
  bundle) bundle ;;
  check) check "${2:-cuda:0}" ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
