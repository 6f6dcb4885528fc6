"""Training runs on two slots each: the results of one slot, all or none, and what dies takes nothing along for good."""

import os
import signal
import time
import unittest

import study
from case import Case, end_world, make_world
from programs import Coordinator, Worker

GANG = ("--set", "resources.slots_per_job=2")
SHORT = ("--set", "seeds=[0]", "--set", "analyses=[]", "--set", "soups=[]")
# One training that lasts for some seconds and leaves checkpoints.
LONG = (*GANG, *SHORT, "--set", "variants[0].train.epochs=150", "--set", "variants[1].train.epochs=1")
LIMIT = 1e-3  # of losses: Adam's first steps follow what rounding leaves of a gradient of 0


class Gang(Case):
    def start(self, world, *arguments, slots=2):
        coordinator = Coordinator(world)
        coordinator.start()
        self.addCleanup(coordinator.stop)
        return coordinator, self.worker(world, coordinator, "w1", slots)

    def worker(self, world, coordinator, name, slots):
        worker = Worker(world, coordinator.address, "--name", name, "--slots", str(slots), "--threads-per-slot", "1", name=name)
        worker.start()
        self.addCleanup(lambda: worker.stop() if worker.alive() else None)
        return worker

    def get(self, coordinator, what, *arguments):
        return coordinator.eidactl("get", what, *arguments, "-o", "json").json()["items"]

    def jobs(self, coordinator):
        return {job["name"]: job for job in self.get(coordinator, "jobs")}

    def until(self, what, condition, timeout=60):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        self.fail(f"{what}: not within {timeout} s")

    def another_world(self):
        world = make_world()
        self.addCleanup(lambda: self.assertEqual(end_world(world), [], "processes are left"))
        return world

    def weights(self, job):
        return next(artifact["digest"] for artifact in job["artifacts"] if artifact["name"] == "weights")

    def test_the_runs_are_those_of_one_slot(self):
        coordinator, _ = self.start(self.world)
        other, _ = self.start(self.another_world(), slots=2)
        self.assertEnds(coordinator.eidactl("submit", "sweep.yaml", *GANG, "--wait"), 0)
        self.assertEnds(other.eidactl("submit", os.path.join(other.world.project, "sweep.yaml"), "--wait"), 0)
        jobs, alone = self.jobs(coordinator), self.jobs(other)
        names = {job["id"]: name for name, job in jobs.items()}
        for event in self.get(coordinator, "events"):
            if event["type"] == "leased":
                on = event["message"].split(" ", 1)[1]
                self.assertEqual(on == "on slots 0, 1", names[event["job"]].startswith("train/"), event)
        self.assertEqual(jobs.keys(), alone.keys())
        for run in study.RUNS:
            together, plain = jobs[f"train/{run}"], alone[f"train/{run}"]
            self.assertEqual((together["slots"], plain["slots"]), (2, 1))
            self.assertEqual(together["fingerprint"], plain["fingerprint"])
            for key in ("steps", "items", "tokens", "epochs"):
                self.assertEqual(together["summary"][key], plain["summary"][key], run)
            self.assertAlmostEqual(together["summary"]["train_loss"], plain["summary"]["train_loss"], delta=LIMIT, msg=run)

    def undisturbed(self):
        coordinator, _ = self.start(self.another_world())
        path = os.path.join(coordinator.world.project, "sweep.yaml")
        self.assertEnds(coordinator.eidactl("submit", path, *LONG, "--wait"), 0)
        return self.jobs(coordinator)["train/full/seed0"]

    def in_the_middle(self, coordinator):
        """The ranks of the long training, in order, when a checkpoint of it is stored."""
        def condition():
            job = self.jobs(coordinator).get("train/full/seed0")
            if not job or job["state"] != "running" or not self.get(coordinator, "checkpoints"):
                return None
            ranks = sorted(self.world.with_role("eida-runner"), key=lambda process: "rank1" in process.arguments[-1])
            return ranks if len(ranks) == 2 else None
        return self.until("a checkpoint of a gang of two", condition)

    def assert_same_end(self, coordinator, expected):
        self.assertEnds(coordinator.eidactl("wait", "s1", "--for", "succeeded", "--timeout", "90s"), 0)
        job = self.jobs(coordinator)["train/full/seed0"]
        self.assertGreater(job["attempt"], 1)
        self.assertGreater(job["summary"]["resumed_from_step"], 0)
        self.assertEqual(self.weights(job), self.weights(expected))

    def test_a_rank_that_is_killed_costs_an_attempt_and_no_result(self):
        expected = self.undisturbed()
        coordinator, _ = self.start(self.world)
        self.assertEnds(coordinator.eidactl("submit", "sweep.yaml", *LONG, "--set", "retries.backoff=100ms"), 0)
        for rank in (1, 0):
            victim = self.in_the_middle(coordinator)[rank]
            attempt = self.jobs(coordinator)["train/full/seed0"]["attempt"]
            os.kill(victim.pid, signal.SIGKILL)
            self.until("the next attempt", lambda: self.jobs(coordinator)["train/full/seed0"]["attempt"] > attempt)
        retries = [event["message"] for event in self.get(coordinator, "events") if event["type"] == "retry"]
        self.assertEqual(len(retries), 2, retries)
        for message in retries:
            self.assertIn("SIGKILL", message)
        self.assertIn("rank 1", retries[0])
        self.assert_same_end(coordinator, expected)

    def test_a_worker_that_is_killed_leaves_no_rank_and_one_that_stops_a_checkpoint(self):
        expected = self.undisturbed()
        coordinator, worker = self.start(self.world)
        self.assertEnds(coordinator.eidactl("submit", "sweep.yaml", *LONG), 0)
        self.in_the_middle(coordinator)
        worker.kill()
        self.until("no runner", lambda: not self.world.with_role("eida-runner"), 10)
        second = self.worker(self.world, coordinator, "w1", 2)
        self.until("the next attempt", lambda: self.jobs(coordinator)["train/full/seed0"]["attempt"] == 2)
        self.in_the_middle(coordinator)
        before = max(checkpoint["step"] for checkpoint in self.get(coordinator, "checkpoints"))
        self.assertEqual(second.stop(), 0)
        self.assertEqual(self.world.with_role("eida-runner"), [])
        self.assertGreaterEqual(max(checkpoint["step"] for checkpoint in self.get(coordinator, "checkpoints")), before)
        self.worker(self.world, coordinator, "w1", 2)
        self.assert_same_end(coordinator, expected)

    def test_a_gang_waits_for_a_worker_that_is_large_enough_and_says_so(self):
        coordinator, _ = self.start(self.world, slots=1)
        self.assertEnds(coordinator.eidactl("submit", "sweep.yaml", *GANG, *SHORT), 0)
        self.assertIn("needs 2 slots of one worker, and the largest has 1", coordinator.eidactl("get", "jobs").out)
        self.worker(self.world, coordinator, "w2", 2)
        self.assertEnds(coordinator.eidactl("wait", "s1", "--for", "succeeded", "--timeout", "60s"), 0)
        trained = [job for name, job in self.jobs(coordinator).items() if name.startswith("train/")]
        self.assertEqual({job["worker"] for job in trained}, {"w2"})

    def test_slots_and_packs_exclude_one_another(self):
        with open(self.path("sweep.yaml"), "a", encoding="utf-8") as file:
            file.write("resources: {slots_per_job: 2, pack: 2}\n")
        result = self.world.eidactl("validate", "sweep.yaml")
        self.assertEnds(result, 2)
        self.assertIn(self.place("2, pack"), result.err + result.out)


if __name__ == "__main__":
    unittest.main()
