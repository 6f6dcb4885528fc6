#!/usr/bin/env python3
"""Runs the tests of a build directory, but for those that passed there before with the same programs and data.

    tests/run_changed.py build/ci [--all] [--only NAME ...]

What a test depends on: its own executable, the programs that it starts (REQUIRED_FILES: argument STARTS of eida_test), its
environment, and the files under tests/ and deploy/examples/ that are neither compiled nor documents. Kept in
BUILD/passed.json; delete it, or say --all, to run everything.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NOT_READ = (".cc", ".h", ".pyc", ".md", ".sh", "CMakeLists.txt")


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def data_files():
    """{path: digest} of everything that tests read and nobody compiles."""
    found = {}
    for top in ("tests", "deploy/examples"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                if not name.endswith(NOT_READ):
                    path = os.path.join(folder, name)
                    found[os.path.relpath(path, ROOT)] = digest_of(path)
    return dict(sorted(found.items()))


def reads(command, folder, path):
    """Python is read by the tests of its own folder, and a test file by itself alone."""
    if not path.endswith(".py"):
        return True
    name = os.path.basename(path)[: -len(".py")]
    return os.path.dirname(path) == folder and (not name.startswith("test_") or name in command)


def key_of(test, data):
    properties = {p["name"]: p["value"] for p in test.get("properties", [])}
    command = test["command"]
    files = [command[0], *properties.get("REQUIRED_FILES", [])]
    folder = os.path.relpath(properties.get("WORKING_DIRECTORY", ROOT), ROOT)
    read = {path: digest for path, digest in data.items() if reads(command, folder, path)}
    parts = [read, command, properties.get("ENVIRONMENT", []), [digest_of(file) for file in files]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--all", action="store_true", help="those that passed, too")
    parser.add_argument("--only", nargs="+", help="names of tests; * and ? as in a shell")
    args = parser.parse_args()
    ctest = ["ctest", "--test-dir", args.build]
    listing = json.loads(subprocess.run([*ctest, "--show-only=json-v1"], check=True, capture_output=True, text=True).stdout)
    tests = {test["name"]: test for test in listing["tests"]}
    chosen = [name for pattern in args.only or ["*"] for name in fnmatch.filter(tests, pattern) or [pattern]]
    unknown = [name for name in chosen if "command" not in tests.get(name, {})]
    if unknown:
        sys.exit(f"{args.build}: there is no built test {', '.join(unknown)}")
    data = data_files()
    keys = {name: key_of(tests[name], data) for name in chosen}
    memory = os.path.join(args.build, "passed.json")
    passed = json.load(open(memory, encoding="utf-8")) if os.path.exists(memory) else {}
    due = [name for name in chosen if args.all or passed.get(name) != keys[name]]
    if len(due) < len(chosen):
        print(f"{len(chosen) - len(due)} of {len(chosen)} tests passed before with the same programs and data", flush=True)
    if not due:
        return
    report = os.path.join(os.path.abspath(args.build), "junit.xml")
    pattern = "^(" + "|".join(re.escape(name) for name in due) + ")$"
    code = subprocess.run([*ctest, "--output-on-failure", "-j2", "-R", pattern, "--output-junit", report], check=False).returncode
    with open(report, encoding="utf-8") as file:
        green = set(re.findall(r'<testcase name="([^"]+)"[^>]*status="run"', file.read()))
    passed.update({name: keys[name] for name in due if name in green})
    with open(memory + ".new", "w", encoding="utf-8") as file:
        json.dump(passed, file, indent=1, sort_keys=True)
    os.replace(memory + ".new", memory)
    missing = [name for name in due if name not in green]
    if code == 0 and missing:
        sys.exit(f"{args.build}: did not run: {', '.join(missing)}")
    sys.exit(code)


if __name__ == "__main__":
    main()
