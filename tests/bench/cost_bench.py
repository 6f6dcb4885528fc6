#!/usr/bin/env python3
"""What the pairwise analyses and the soup of a study cost: passes of whole models over their items, counted, beside the naive count.

Runs a study of a tiny BERT (tests/e2e/study.py) and adds up what the jobs' summaries say that their processes really did. Naive is the
literal reading of the definitions: features of both models for every pair, K points for every pair and measure, Algorithm 1 without a
cache. Prints a table and writes JSON; asserts nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))
import study  # noqa: E402  (of the end-to-end tests)

ANALYSES = """\
analyses:
  - {{name: cka, type: cka, layers: [layer.0, last]}}
  - {{name: gap, type: convexity_gap, alphas: {points}}}
  - {{name: barrier, type: barrier, alphas: {points}}}
soups:
  - {{name: greedy, type: greedy}}
"""


def run(eidactl, directory, seeds, points):
    sweep = study.write(directory)
    with open(sweep, encoding="utf-8") as file:
        text = file.read().split("analyses:\n")[0] + ANALYSES.format(points=points)
    with open(sweep, "w", encoding="utf-8") as file:
        file.write(text.replace("seeds: [0, 1]", f"seeds: {list(range(seeds))}").replace("epochs: 8", "epochs: 2"))
    env = {**os.environ, "HOME": directory}
    ended = subprocess.run([eidactl, "run", sweep], cwd=directory, env=env, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise SystemExit(f"bench: error: eidactl run: exit {ended.returncode}\n{ended.stderr[-4000:]}")
    listed = subprocess.run([eidactl, "get", "jobs", "-o", "json"], cwd=directory, env=env, capture_output=True, text=True, check=True)
    return json.loads(listed.stdout)["items"]


def table(jobs, models, points):
    """[what, counted, naive] in passes of whole models."""
    def counted(*kinds):
        return sum(job["summary"]["model_passes"] for job in jobs if job["kind"] in kinds)

    pairs = models * (models - 1) // 2
    return [["scores of every model, two splits", counted("evaluate"), 2 * models],
            [f"CKA, {pairs} pairs, 2 layers", counted("gram"), 2 * pairs],
            [f"gap and barrier, {pairs} pairs, K = {points}", counted("path"), 2 * pairs * points],
            [f"greedy soup of {models}", counted("soup"), models + 4 * (models - 1) + 1]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"))
    parser.add_argument("--seeds", type=int, default=3, help="of each of two variants")
    parser.add_argument("--points", type=int, default=11, help="K of a path")
    parser.add_argument("--out", help="JSON file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eida-bench-") as directory:
        jobs = run(os.path.join(os.path.abspath(arguments.bin), "eidactl"), directory, arguments.seeds, arguments.points)
    rows = table(jobs, 2 * arguments.seeds, arguments.points)
    rows.append(["all", sum(row[1] for row in rows), sum(row[2] for row in rows)])
    print(f"{'passes of whole models':<40} {'counted':>8} {'naive':>8} {'ratio':>6}")
    for what, ours, naive in rows:
        print(f"{what:<40} {ours:>8} {naive:>8} {naive / max(ours, 1):>6.2f}")
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump([dict(zip(("what", "counted", "naive"), row)) for row in rows], file, indent=1)


if __name__ == "__main__":
    main()
