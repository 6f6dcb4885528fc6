#!/usr/bin/env bash
# The Python oracles (transformers, PEFT, NumPy, sacrebleu) in a virtual environment of their own: .deps/parity-venv. Idempotent:
# the environment is rebuilt only when the pinned list or the interpreter changes.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=$PWD/.deps/parity-venv list=deploy/parity/requirements.txt
say() { printf 'parity: %s\n' "$*"; }
fail() { printf 'parity: error: %s\n' "$*" >&2; exit 1; }

# The wheels are for Debian 12's Python; another python3 first on PATH is fine when it is the same version.
python=
for candidate in /usr/bin/python3.11 /usr/bin/python3 python3; do
  if command -v "$candidate" >/dev/null && [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = 3.11 ] &&
    "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "no Python 3.11 with the venv module: on Debian 12, apt-get install python3-venv"

key=$( (cat "$list"; "$python" --version) | sha256sum | cut -c1-16)
stamp=$venv/.ready-$key
if [ ! -f "$stamp" ]; then
  free=$(df -Pm . | awk 'NR == 2 {print $4}')
  [ "$free" -ge 9000 ] || fail "the oracles need about 9 GB of disk while they are installed, and $free MB are free here"
  say "transformers, PEFT and a Python torch into .deps/parity-venv (about 2.5 GB to download, 5 GB on disk)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
  links=()
  [ ! -d .deps/wheels ] || links=(--find-links .deps/wheels)
  "$venv/bin/pip" install -q --disable-pip-version-check --no-deps --only-binary=:all: "${links[@]}" -r "$list" ||
    fail "pip could not install $list: is the network there? (its message is above)"
  "$venv/bin/python" -c 'import torch, transformers, peft, scipy, sacrebleu; torch.ones(2) @ torch.ones(2)' ||
    fail "the oracles were installed but do not load (the reason is above)"
  touch "$stamp"
fi
say "ready: $("$venv/bin/python" -c 'import torch, transformers, peft; print("torch", torch.__version__, "transformers", transformers.__version__, "peft", peft.__version__)')"
