#!/usr/bin/env python3
"""The project's lint: which room may include which, who may touch which library, sizes, forbidden calls, format.

Run it from anywhere; it looks at the files git knows. Exit code 1 and one line per finding.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HARD_STOP = 700

# room -> rooms it may include (its own is always allowed). CONTRIBUTING.md says the same in words.
BASE = {"common/base"}
DOMAIN = BASE | {"common/domain"}
CATALOG = DOMAIN | {"common/catalog"}
INPUTS = CATALOG | {"common/inputs"}
SPEC = INPUTS | {"common/spec"}
PLAN = SPEC | {"common/plan"}
WIRE = PLAN | {"common/wire"}
SIDE = DOMAIN | {"common/rpc", "common/http", "common/telemetry", "common/render"}
ALLOWED = {
    "common/base": set(),
    "common/domain": BASE,
    "common/catalog": BASE | DOMAIN,
    "common/inputs": CATALOG,
    "common/spec": INPUTS,
    "common/plan": SPEC,
    "common/wire": PLAN,
    "common/rpc": DOMAIN,
    "common/http": DOMAIN | {"common/rpc"},
    "common/telemetry": DOMAIN,
    "common/render": DOMAIN,
    "server/sched": DOMAIN,
    "server/store": DOMAIN,
    "server/artifacts": DOMAIN,
    "server/service": WIRE | SIDE,
    "server/app": WIRE | SIDE | {"server/sched", "server/store", "server/artifacts", "server/service"},
    "worker/exec": DOMAIN,
    "worker/agent": WIRE | SIDE | {"worker/exec"},
    "worker/metrics": CATALOG,
    "worker/engine": PLAN | {"worker/metrics"},
    "worker/analysis": PLAN | {"worker/engine"},
    "worker/runner": PLAN | {"worker/engine", "worker/analysis"},
    "client/fetch": BASE,
    "client/report": CATALOG | {"common/render"},
    "client/synth": BASE,
    "client": WIRE | SIDE | {"client/fetch", "client/report", "client/synth"},
}

# pattern of an #include -> rooms that may have it, and what to do instead.
LIBRARIES = [
    (r"eida/v1/.*\.pb\.h", {"common/wire", "server/service", "worker/agent", "client"}, "map it in common/wire"),
    (r"(torch|ATen|c10)/", {"worker/engine", "worker/analysis", "worker/runner"}, "torch stays in the runner"),
    (r"(SQLiteCpp/|sqlite3\.h)", {"server/store"}, "SQL stays in server/store"),
    (r"prometheus/", {"common/telemetry"}, "use common/telemetry"),
    (r"boost/asio", {"common/base"}, 'include "common/base/asio.h"'),
    (r"boost/beast", {"common/http"}, "HTTP stays in common/http"),
    (r"(cairo|pango)", {"common/render"}, "drawing stays in common/render"),
    (r"curl/", {"client/fetch"}, "the network is asked by client/fetch"),
    (r"archive(_entry)?\.h$", {"client/fetch"}, "archives are read by client/fetch"),
    (r"yaml-cpp/", {"common/spec"}, "YAML stays in common/spec"),
    (r"(unicode/|libstemmer)", {"worker/metrics"}, "text rules stay in worker/metrics"),
]

# pattern of a line -> files that may have it, and why not elsewhere.
FORBIDDEN = [
    (r"(system_clock|steady_clock|high_resolution_clock)::now\(|\bclock_gettime\(|\btime\((NULL|nullptr|0)\)",
     {"common/base/clock.cc"}, "time is a parameter; only common/base/clock.cc reads a clock"),
    (r"\bstd::random_device\b|\bs?rand\(\)", {"common/rpc/token.cc"}, "randomness is a seed (common/base/rng.h)"),
    (r"\busing namespace std\b", set(), "name what you use"),
    (r"absl::(string_view|optional)\b", set(), "not std's on Debian 12: keep it out of our code"),
    (r"\bco_await\b.*\[", set(), "no capturing lambda coroutines (GCC 12 miscompiles them)"),
]

REGISTRY_HOSTS = r"py" r"pi\.org|python" r"hosted\.org|crates" r"\.io|npm" r"js\.(org|com)|deb\.deb" r"ian\.org"


def git_files():
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                         check=True, capture_output=True, text=True)
    return [name for name in out.stdout.splitlines() if os.path.isfile(os.path.join(ROOT, name))]


def room_of(path):
    """The longest room that holds the path, or None (tests may include everything)."""
    parts = path.split("/")
    for depth in (2, 1):
        room = "/".join(parts[:depth])
        if room in ALLOWED:
            return room
    return None


def check_includes(path, lines, findings):
    room = room_of(path)
    if room is None:
        return
    for number, line in enumerate(lines, 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not match:
            continue
        target = match.group(1)
        other = room_of(target)
        if other is not None and other != room and other not in ALLOWED[room]:
            findings.append(f"{path}:{number}: {room} may not include {other} (layer)")
        for pattern, rooms, instead in LIBRARIES:
            if re.match(pattern, target) and room not in rooms:
                findings.append(f"{path}:{number}: <{target}> does not belong in {room}: {instead} (library)")


def check_lines(path, lines, findings):
    for number, line in enumerate(lines, 1):
        code = line.split("//")[0]
        for pattern, files, why in FORBIDDEN:
            if re.search(pattern, code) and path not in files:
                findings.append(f"{path}:{number}: {why} (forbidden)")
        if len(line) > 140:
            findings.append(f"{path}:{number}: {len(line)} columns (size)")


def check_text(path, text, findings):
    if path.startswith("tests/lint/"):
        return
    match = re.search(REGISTRY_HOSTS, text)
    if match:
        findings.append(f"{path}: spells a package registry's host name, {match.group(0)} (registry)")


def check_format(files, findings):
    sources = [f for f in files if f.endswith((".h", ".cc")) and not f.endswith("eida_tokenizers.h")]
    for begin in range(0, len(sources), 100):
        out = subprocess.run(["clang-format", "--dry-run", "--ferror-limit=1", *sources[begin:begin + 100]], cwd=ROOT,
                             capture_output=True, text=True)
        for line in out.stderr.splitlines():
            match = re.match(r"(\S+?):(\d+):\d+: (?:warning|error): code should be clang-formatted", line)
            if match:
                findings.append(f"{match.group(1)}:{match.group(2)}: not formatted: run `make format` (format)")


def check_rooms(files, findings):
    """Every room has a README; every .cc and .h of a room is named by its CMakeLists or is a header."""
    for room in ALLOWED:
        if any(f.startswith(room + "/") for f in files) and f"{room}/README.md" not in files:
            findings.append(f"{room}: has no README.md (room)")


def main():
    files = git_files()
    findings = []
    for path in files:
        if path.endswith((".png", ".npy", ".safetensors", ".pdf")):
            continue
        try:
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                text = file.read()
        except UnicodeDecodeError:
            continue
        check_text(path, text, findings)
        if path.endswith((".h", ".cc", ".py", ".rs", ".proto", ".sql")):
            lines = text.split("\n")
            if len(lines) > HARD_STOP:
                findings.append(f"{path}: {len(lines)} lines, the hard stop is {HARD_STOP}: name its two ideas (size)")
            if path.endswith((".h", ".cc")):
                check_includes(path, lines, findings)
                check_lines(path, lines, findings)
    check_rooms(files, findings)
    if "--no-format" not in sys.argv:
        check_format(files, findings)
    for finding in findings:
        print(finding)
    print(f"lint: {len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
