"""A sweep whose LoRA runs train packed ends as the one whose runs train one by one."""

import unittest

import study
from case import Case, end_world, make_world

PACKED = "resources: {pack: 8}\n"
LORA = "    train: {lr: 1.0e-2}\n    grid: {adapter.r: [2]}"
RANKS = "    train: {lr: 1.0e-2}\n    grid: {adapter.r: [1, 2, 4]}"
# With the second alpha the numbers leave fp32.
SCALES = "    train: {lr: 1.0e-2, grad_clip: 0}\n    grid: {adapter.r: [1, 2], adapter.alpha: [4, 3.0e38]}"
# What a run is after about 50 steps, packed and alone (tests/parity/limits.def: packed_weights).
LIMIT = 1e-4


class Pack(Case):
    def sweep(self, world, text):
        """The jobs of the sweep by name, and the lease of the last attempt of each training job."""
        with open(f"{world.project}/sweep.yaml", "w", encoding="utf-8") as file:
            file.write(text)
        result = world.eidactl("run", "sweep.yaml")
        items = lambda what: world.eidactl("get", what, "-o", "json").json()["items"]
        jobs = {job["name"]: job for job in items("jobs")}
        names = {job["id"]: job["name"] for job in jobs.values()}
        leases = {names[event["job"]]: event["message"].split()[0] for event in items("events") if event["type"] == "leased"}
        return result, jobs, {name: lease for name, lease in leases.items() if name.startswith("train/")}

    def both_ways(self, text):
        other = make_world()
        self.addCleanup(end_world, other)
        return self.sweep(self.world, text + PACKED), self.sweep(other, text)

    def assert_same(self, jobs, alone, names):
        for name in names:
            packed, plain = jobs[name]["summary"], alone[name]["summary"]
            for key in ("steps", "items", "tokens"):
                self.assertEqual(packed[key], plain[key], name)
            self.assertAlmostEqual(packed["train_loss"], plain["train_loss"], delta=LIMIT, msg=name)

    def test_the_runs_are_those_of_the_sweep_without_packs(self):
        self.assertIn(LORA, study.SWEEP)
        (result, jobs, leases), (plain_result, plain_jobs, plain_leases) = self.both_ways(study.SWEEP.replace(LORA, RANKS))
        self.assertEqual((result.code, plain_result.code), (0, 0), f"{result}\n{plain_result}")
        runs = [name for name in leases if name.startswith("train/lora-")]
        self.assertEqual(len(runs), 6)
        self.assertLess(len({leases[run] for run in runs}), len(runs), "some share a lease")
        self.assertEqual(len({plain_leases[run] for run in runs}), len(runs), "none shares a lease")
        self.assertNotIn(leases["train/full/seed0"], {leases[run] for run in runs})
        self.assertEqual(jobs.keys(), plain_jobs.keys())
        self.assert_same(jobs, plain_jobs, runs)
        for name, job in jobs.items():
            if name.startswith("evaluate/"):
                self.assertAlmostEqual(job["summary"]["loss"], plain_jobs[name]["summary"]["loss"], delta=LIMIT, msg=name)

    def test_one_that_diverges_takes_no_other_down(self):
        text = study.SWEEP.replace(LORA, SCALES).replace("lora-r{adapter.r}", "lora-{adapter.r}-{adapter.alpha}").split("analyses:")[0]
        (result, jobs, leases), (_, plain_jobs, _) = self.both_ways(text)
        self.assertNotEqual(result.code, 0, str(result))
        runs = [name for name in leases if name.startswith("train/lora-")]
        self.assertEqual(len(runs), 8)
        failed = {name for name in runs if jobs[name]["state"] == "failed"}
        good = set(runs) - failed
        self.assertEqual({name for name in runs if plain_jobs[name]["state"] == "failed"}, failed)
        self.assertEqual(len(failed), 4, jobs)
        for name in failed:
            self.assertEqual((jobs[name]["error"], jobs[name]["attempt"]), ("nonfinite", 1), jobs[name])
        self.assertTrue({leases[name] for name in failed} & {leases[name] for name in good}, f"none shared a lease: {leases}")
        self.assertEqual({(jobs[name]["state"], jobs[name]["attempt"]) for name in good}, {("succeeded", 1)}, "none had to begin again")
        self.assert_same(jobs, plain_jobs, good)


if __name__ == "__main__":
    unittest.main()
