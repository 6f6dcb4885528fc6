#!/usr/bin/env python3
"""Fault equivalence (I10): a study whose processes are killed at random ends with the results of one that is left alone.

    chaos.py SWEEP [--set PATH=VALUE]... [--seed N] [--kills N] [--mode served|embedded] [--gap SECONDS]

The study runs once undisturbed, then once in a fresh directory while `kill -9` hits its processes; what a supervisor would
start again is started again. It must end; tables, matrices, soups and the digest of every artifact must be the same; nothing
that had succeeded may be tried again; nothing may go on running. Exit code 0, or 1 and what is wrong.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time

from programs import Coordinator, Worker, World

# A kill of a runner counts as a crash of its job: the study must be allowed as many as there are kills.
PATIENT = ("--set", "retries.max=1000", "--set", "retries.backoff=200ms", "--set", "retries.max_backoff=200ms")


class Violation(AssertionError):
    """What must hold under faults does not."""


def ask(eidactl, *arguments):
    result = eidactl(*arguments)
    if result.code != 0:
        raise Violation(f"after the study: {result}")
    return result.out


def jobs_of(eidactl):
    return {job["name"]: job for job in json.loads(ask(eidactl, "get", "jobs", "-o", "json"))["items"]}


def results(eidactl):
    """{name: text} of everything that a study found, without times."""
    jobs, found = jobs_of(eidactl), {}
    for form in ("json", "csv"):
        found["summary." + form] = ask(eidactl, "summary", "--no-times", "-o", form)
        for name in jobs:
            kind, _, rest = name.partition("/")
            if kind == "matrix":
                found[f"{rest}.{form}"] = ask(eidactl, "heatmap", "--analysis", rest, "--format", form)
            if kind == "soup":
                found[f"soup-{rest}.{form}"] = ask(eidactl, "soup", "--name", rest, "-o", form)
        if "soup/greedy" in jobs:  # The others try nothing.
            found["soups' trace." + form] = ask(eidactl, "soup", "--trace", "-o", form)
    for name, job in sorted(jobs.items()):
        digests = {artifact["name"]: artifact["digest"] for artifact in job["artifacts"]}
        found["artifacts of " + name] = json.dumps([job["state"], digests], sort_keys=True)
    return found


def check_history(eidactl):
    """A job that has succeeded is never leased again, and its attempt is the one that succeeded."""
    succeeded = {}
    for event in json.loads(ask(eidactl, "get", "events", "-o", "json"))["items"]:
        if event["type"] == "succeeded":
            succeeded[event["job"]] = event["attempt"]
        elif event["type"] in ("leased", "started", "lost", "retry") and event["job"] in succeeded:
            raise Violation(f"job j{event['job']} had succeeded, then: {event}")
    for name, job in jobs_of(eidactl).items():
        if succeeded.get(job["id"]) != job["attempt"]:
            raise Violation(f"{name} is at attempt {job['attempt']}, attempt {succeeded.get(job['id'])} had succeeded")


class Embedded:
    """`eidactl run`; whoever started it starts it again when it ends before the study does."""

    ROLES = ("eidactl", "eida-runner", "eida-worker", "eida-coordinator")

    def __init__(self, world, sweep, overrides):
        self.world, self.arguments, self.process = world, ("run", sweep, *overrides), None
        self.log = os.path.join(world.directory, "eidactl.log")

    def start(self):
        self.process = self.world.popen("eidactl", *self.arguments, log=self.log)

    def repair(self):
        """Starts again what has ended too early. True when the study has ended."""
        code = self.process.poll()
        if code == 7:
            raise Violation("the study failed:\n" + tail(self.log))
        if code is not None and code != 0:
            self.start()
        return code == 0

    def eidactl(self, *arguments):
        return self.world.eidactl(*arguments)

    def stop(self):
        pass


class Served:
    """A coordinator, a worker and a client that polls; each is started again when it ends."""

    ROLES = ("eida-runner", "eida-worker", "eida-coordinator")

    def __init__(self, world, sweep, overrides):
        self.world, self.sweep, self.overrides = world, sweep, overrides
        self.coordinator = Coordinator(world)
        self.worker = None
        self.known = {}

    def start(self):
        self.coordinator.start()
        self.worker = Worker(self.world, self.coordinator.address)
        self.worker.start()
        ask(self.eidactl, "submit", self.sweep, *self.overrides)

    def repair(self):
        for daemon in (self.coordinator, self.worker):
            if not daemon.alive():
                daemon.start()
        jobs = jobs_of(self.eidactl)
        # What a client was once told stays true.
        for name, attempt in self.known.items():
            if (jobs[name]["state"], jobs[name]["attempt"]) != ("succeeded", attempt):
                raise Violation(f"{name} had succeeded at attempt {attempt} and is {jobs[name]['state']} at {jobs[name]['attempt']}")
        self.known = {name: job["attempt"] for name, job in jobs.items() if job["state"] == "succeeded"}
        bad = [f"{name}: {job['error_message']}" for name, job in jobs.items() if job["state"] in ("failed", "skipped")]
        if bad:
            raise Violation("the study failed: " + "; ".join(bad))
        return len(self.known) == len(jobs)

    def eidactl(self, *arguments):
        return self.coordinator.eidactl(*arguments)

    def stop(self):
        for daemon in (self.worker, self.coordinator):
            if daemon and daemon.stop() != 0:
                raise Violation(f"{daemon.program} did not leave in good order:\n{tail(daemon.log)}")


MODES = {"embedded": Embedded, "served": Served}


def tail(path, size=4000):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()[-size:]


def strike(world, roles, rng):
    """Kills one process of a role that is there; what it was, or None."""
    alive = [process for process in world.processes() if process.role in roles]
    there = sorted({process.role for process in alive})
    if not there:
        return None
    role = rng.choice(there)
    victim = rng.choice([process for process in alive if process.role == role])
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim.pid, signal.SIGKILL)
    return f"{role} ({victim.pid})"


def run(mode, sweep, overrides, seed, kills, gap, limit, say=lambda text: None):
    """Runs the study in a fresh world and kills `kills` times; (results, kills that hit). Raises Violation."""
    world = World(tempfile.mkdtemp(prefix="eida-chaos-"))
    rng, struck, started = random.Random(f"{mode}/{seed}"), [], time.monotonic()
    study = MODES[mode](world, os.path.abspath(sweep), (*overrides, *PATIENT))
    try:
        study.start()
        due = time.monotonic() + rng.uniform(0, 2 * gap)
        while not study.repair():
            if time.monotonic() - started > limit:
                raise Violation(f"it did not end within {limit} s; killed: {struck}; alive: {world.processes()}")
            if len(struck) < kills and time.monotonic() >= due and (victim := strike(world, study.ROLES, rng)):
                struck.append(victim)
                say(f"{time.monotonic() - started:6.1f} s: killed {victim}")
                due = time.monotonic() + rng.uniform(0, 2 * gap)
            time.sleep(0.1)
        found = results(study.eidactl)
        check_history(study.eidactl)
        study.stop()
        if left := world.settle(10):
            raise Violation(f"still running: {left}; killed: {struck}")
        say(f"{time.monotonic() - started:6.1f} s: ended after {len(struck)} kills")
        return found, struck
    except BaseException:
        for name in sorted(os.listdir(world.directory)):
            if name.endswith(".log"):
                say(f"--- {name}\n{tail(os.path.join(world.directory, name))}")
        raise
    finally:
        world.end()
        shutil.rmtree(world.directory, ignore_errors=True)


def compare(undisturbed, disturbed):
    """Raises Violation with the first difference."""
    if set(undisturbed) != set(disturbed):
        raise Violation(f"other results: {sorted(set(undisturbed) ^ set(disturbed))}")
    for name, text in undisturbed.items():
        if disturbed[name] != text:
            raise Violation(f"{name} differs:\n--- undisturbed\n{text}\n--- disturbed\n{disturbed[name]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweep")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="as of eidactl; may be repeated")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and the victims")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--mode", choices=sorted(MODES), default="served")
    parser.add_argument("--gap", type=float, default=2.0, help="seconds between two kills, in the mean")
    parser.add_argument("--limit", type=float, default=3600, help="seconds that the disturbed study may take")
    given = parser.parse_args()
    overrides = [word for value in given.set for word in ("--set", value)]

    def say(text):
        print(text, flush=True)

    try:
        undisturbed, _ = run(given.mode, given.sweep, overrides, given.seed, 0, given.gap, given.limit, say)
        disturbed, struck = run(given.mode, given.sweep, overrides, given.seed, given.kills, given.gap, given.limit, say)
        compare(undisturbed, disturbed)
    except Violation as violation:
        say(f"VIOLATION: {violation}")
        return 1
    say(f"{len(undisturbed)} results are equal after {len(struck)} kills")
    return 0


if __name__ == "__main__":
    sys.exit(main())
