#!/usr/bin/env python3
"""The whole demo study: `eidactl run` beside the same study by transformers + PEFT, in one run on the same cores.

All read one sweep file. The peer comes twice: as scripts are usually written (plain), and with what an expert would add (tuned; peer_study.py
says what). It takes the cores as one process of all threads or as processes of one thread side by side, whichever a short trial
finds faster. Prints a table of seconds and ratios for each and writes JSON; a slow result is no error.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import study_file

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PHASES = ("train", "evaluate", "cka", "gap", "soup")
PATH_METRICS = ("convexity_gap", "barrier", "error_barrier")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def phase_of(job):
    if job["kind"] == "matrix":
        return "gap" if job["summary"].get("metric") in PATH_METRICS else "cka"
    return {"gram": "cka", "path": "gap"}.get(job["kind"], job["kind"])


def ours(eidactl, sweep, directory, cores):
    """Runs the study in an empty project; wall seconds, core-seconds of each phase, training items per second."""
    out = os.path.join(directory, "run.log")
    began = time.perf_counter()
    with open(out, "w", encoding="utf-8") as log:
        run = subprocess.run([eidactl, "run", sweep], cwd=directory, stdout=log, stderr=subprocess.STDOUT, check=False)
    wall = time.perf_counter() - began
    if run.returncode != 0:
        with open(out, encoding="utf-8") as log:
            raise SystemExit(f"bench: error: eidactl run: exit {run.returncode}\n{log.read()[-4000:]}")
    listed = subprocess.run([eidactl, "get", "jobs", "-o", "json"], cwd=directory, capture_output=True, text=True, check=True)
    jobs = json.loads(listed.stdout)["items"]
    slots, threads = cores, 1  # the worker's default without a GPU: a slot for each core
    seconds, items = dict.fromkeys(PHASES, 0.0), 0
    for job in jobs:
        seconds.setdefault(phase_of(job), 0.0)
        seconds[phase_of(job)] += job["summary"].get("seconds", 0.0) * threads
        items += job["summary"].get("items", 0) if job["kind"] == "train" else 0
    version = subprocess.run([eidactl, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {"eida": version, "wall_seconds": wall, "jobs": len(jobs), "core_seconds": seconds, "train_items": items,
            "train_items_per_second": items / (seconds["train"] / threads / slots)}


def peer(sweep, mode, style, probe=False):
    processes, threads = mode
    command = [sys.executable, os.path.join(ROOT, "tests/bench/peer_study.py"), sweep, "--processes", str(processes),
               "--threads", str(threads), "--style", style, *(["--probe"] if probe else [])]
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": str(threads),
           "MKL_NUM_THREADS": str(threads), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    began = time.perf_counter()
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return {**json.loads(done.stdout), "wall_seconds": time.perf_counter() - began}


def faster_mode(sweep, cores, style):
    """(processes, threads) of the peer: measured."""
    modes = [(1, cores)] + ([(cores, 1)] if cores > 1 else [])
    speeds = {}
    for mode in modes if len(modes) > 1 else []:
        speeds[mode] = peer(sweep, mode, style, probe=True)["work_per_second"]
        say(f"the peer as {mode[0]} x {mode[1]} threads: {speeds[mode]:.3f} trials a second")
    return max(speeds, key=speeds.get) if speeds else modes[0], {f"{p}x{t}": v for (p, t), v in speeds.items()}


def rows(ours_result, peer_result, cores):
    """(what, ours, peer, ratio of times) of every line of the table. Phases are core-seconds."""
    def wall(result):
        return result and result["wall_seconds"]

    def phase(result, name):
        return result and result["core_seconds"].get(name, 0.0)

    def rest(result):
        return result and result["wall_seconds"] * cores - sum(result["core_seconds"].values())

    analysis = ("evaluate", "cka", "gap", "soup")
    lines = [(name, *(phase(r, name) for r in (ours_result, peer_result))) for name in PHASES]
    lines.append(("all but train", *(r and sum(phase(r, n) for n in analysis) for r in (ours_result, peer_result))))
    lines.append(("start, idle, rest", *(rest(r) for r in (ours_result, peer_result))))
    lines.append(("wall time", *(wall(r) for r in (ours_result, peer_result))))
    return [(what, a, b, a / b if a is not None and b else None) for what, a, b in lines]


def show(table, ours_result, peer_result):
    def number(value, digits=1):
        return f"{value:.{digits}f}" if value is not None else "-"

    print(f"{'':<26}{'ours':>10}{'peer':>10}{'ours/peer':>11}")
    for what, a, b, ratio in table:
        unit = "s" if what == "wall time" else "core-s"
        print(f"{what + ', ' + unit:<26}{number(a):>10}{number(b):>10}{number(ratio, 2):>11}")
    speeds = [r and r["train_items_per_second"] for r in (ours_result, peer_result)]
    ratio = speeds[0] / speeds[1] if all(speeds) else None
    print(f"{'training, items/s':<26}{number(speeds[0]):>10}{number(speeds[1]):>10}{number(ratio, 2):>11}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sweep", default=os.path.join(ROOT, "deploy/examples/demo.yaml"))
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"))
    parser.add_argument("--precision", choices=["fp32", "bf16"], help="of the whole study (default: as the file says)")
    parser.add_argument("--quick", action="store_true", help="one seed and few items: does it run at all")
    parser.add_argument("--style", choices=["plain", "tuned"], nargs="+", default=["plain", "tuned"], help="of the peer (default: both)")
    parser.add_argument("--peer", help="PROCESSESxTHREADS in place of the trial")
    parser.add_argument("--only", choices=["ours", "peer"])
    parser.add_argument("--out", default=os.path.join(ROOT, "build/bench/study.json"))
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    sweep = study_file.load(args.sweep)
    if args.precision:
        study_file.set_precision(sweep, args.precision)
    if args.quick:
        study_file.make_quick(sweep)
    directory = tempfile.mkdtemp(prefix="eida-bench-")
    try:
        path = os.path.join(directory, "sweep.yaml")
        study_file.save(sweep, path)
        result = {"cores": cores, "quick": args.quick, "sweep": sweep, "ours": None, "peers": {}}
        if args.only != "peer":
            say("our study")
            result["ours"] = ours(os.path.join(os.path.abspath(args.bin), "eidactl"), path, directory, cores)
            say(f"our study: {result['ours']['wall_seconds']:.1f} s")
        for style in args.style if args.only != "ours" else []:
            mode, trials = tuple(int(n) for n in args.peer.split("x")) if args.peer else None, {}
            if mode is None:
                mode, trials = faster_mode(path, cores, style)
            say(f"the peer's study, {mode[0]} x {mode[1]} threads, {style}")
            result["peers"][style] = {**peer(path, mode, style), "trials": trials}
    finally:
        shutil.rmtree(directory)
    precision = {"train": sweep["train"].get("precision", "fp32"), "evaluation": sweep.get("eval", {}).get("precision", "fp32")}
    result["tables"] = {}
    for style, found in (result["peers"] or {"none": None}).items():
        table = rows(result["ours"], found, cores)
        result["tables"][style] = [dict(zip(("what", "ours", "peer", "ratio"), line)) for line in table]
        print(f"\nthe demo study{' (quick)' if args.quick else ''}, {cores} cores, train {precision['train']}, evaluation {precision['evaluation']}" +
              (f"; peer: {found['peer']}, {style}, {found['processes']} x {found['threads']} threads" if found else ""))
        show(table, result["ours"], found)
    os.makedirs(os.path.dirname(os.path.abspath(args.out)), exist_ok=True)
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    print(f"written: {os.path.relpath(args.out)}")


if __name__ == "__main__":
    main()
