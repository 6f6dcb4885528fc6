"""Every kind of soup in one sweep: the paths that analyses measure spare evaluations and change nothing; what is refused."""

import unittest

import study
from case import Case, end_world, make_world
from programs import Coordinator, Worker

HEAD = study.SWEEP[:study.SWEEP.index("analyses:")].replace("seeds: [0, 1]", "seeds: 0..2")
PATHS = """\
analyses:
  - {name: gap, type: convexity_gap, split: select, alphas: 11}
"""
LORA = 'select: "variant~lora-*"'
SOUPS = f"""\
soups:
  - {{name: all, type: greedy}}
  - {{name: greedy, type: greedy, {LORA}}}
  - {{name: accurate, type: running_mean, metric: accuracy, {LORA}}}
  - {{name: halves, type: greedy, split: select, split_half: 0, {LORA}}}
  - {{name: uniform, type: uniform, {LORA}}}
  - {{name: cat, type: peft_cat, {LORA}}}
  - {{name: linear, type: peft_linear, {LORA}}}
  - {{name: svd, type: peft_svd, rank: 1, {LORA}}}
"""


class Soups(Case):
    def study(self, world, text):
        """{name: artifact}, {name: summary} of the soups of that sweep, run to its end."""
        with open(f"{world.project}/sweep.yaml", "w", encoding="utf-8") as file:
            file.write(text)
        self.assertEnds(world.eidactl("run", "sweep.yaml"), 0, "soup halves", "PEFT linear", "running-mean soup", "SELECT HALF 2")
        listed = world.eidactl("get", "soups", "-o", "json").json()["items"]
        told = world.eidactl("soup", "-o", "json").json()["items"]
        return {soup["name"]: soup for soup in told}, {item["name"]: item["summary"] for item in listed}

    def test_every_type_with_and_without_measured_paths(self):
        plain, before = self.study(self.world, HEAD + SOUPS)
        self.assertEqual(len(plain), 8)
        for name, soup in plain.items():
            rows = {row["model"]: row for row in soup["table"]}
            self.assertLessEqual({"uniform soup", "logit ensemble", "best single"}, set(rows))
            if soup["trace"]:
                ours, best = soup["table"][0]["select"], rows["best single"]["select"]
                better = ours["loss"] <= best["loss"] if soup["metric"] == "loss" else ours["accuracy"] >= best["accuracy"]
                self.assertTrue(better, name)
            self.assertEqual(before[name]["evaluations"]["from_paths"], 0)
        self.assertAlmostEqual(plain["cat"]["table"][0]["report"]["loss"], plain["uniform"]["table"][0]["report"]["loss"], 5)
        self.assertEnds(self.world.eidactl("soup", "--trace", "--name", "accurate"), 0, "MEMBER", "ALPHA", "0.5", "ACCEPTED")

        # The same study elsewhere, with paths: nothing of the first is reused, and every soup is the same.
        other = make_world()
        self.addCleanup(end_world, other)
        known, after = self.study(other, HEAD + PATHS + SOUPS)
        self.assertEqual(known, plain)
        for name in ("all", "greedy", "accurate"):
            with self.subTest(soup=name):
                spared = after[name]["evaluations"]
                self.assertGreater(spared["from_paths"], 0)
                self.assertLess(spared["done"], before[name]["evaluations"]["done"])
                self.assertEqual(spared["naive"], before[name]["evaluations"]["naive"])
        self.assertEqual(after["halves"]["evaluations"]["from_paths"], 0)
        # Without the analysis they are the same jobs.
        again, _ = self.study(other, HEAD.replace("name: tiny", "name: twin") + SOUPS)
        self.assertEqual(again, plain)
        jobs = other.eidactl("get", "jobs", "last", "-o", "json").json()["items"]
        self.assertTrue(all(job["reused_from"] > 0 for job in jobs))

    def test_a_soup_measures_what_a_path_that_has_no_result_would_have_told(self):
        sweep = HEAD + PATHS + f"soups:\n  - {{name: greedy, type: greedy, {LORA}}}\n"
        self.write(sweep, "sweep.yaml")
        coordinator = Coordinator(self.world)
        coordinator.start()
        self.addCleanup(coordinator.stop)

        def jobs():
            return {job["name"]: job for job in coordinator.eidactl("get", "jobs", "s1", "-o", "json").json()["items"]}

        self.assertEnds(coordinator.eidactl("submit", "sweep.yaml"), 0, "s1")
        lost = [f"path/lora-r2/seed{i}~lora-r2/seed{j}" for i, j in ((0, 1), (0, 2))]
        for name in lost:
            self.assertEnds(coordinator.eidactl("cancel", f"j{jobs()[name]['id']}"), 0, "1 jobs cancelled")
        worker = Worker(self.world, coordinator.address, "--name", "w1")
        worker.start()
        self.addCleanup(worker.stop)
        self.assertEnds(coordinator.eidactl("wait", "s1"), 7, "cancelled")
        ended = jobs()
        soup = ended["soup/greedy"]
        self.assertEqual((soup["state"], soup["lacking"]), ("succeeded", 0), soup)
        self.assertEqual((ended["matrix/gap"]["state"], ended["matrix/gap"]["lacking"]), ("succeeded", 2))
        made = coordinator.eidactl("soup", "s1", "-o", "json").json()["items"]

        # The paths after all: the matrix is made again, the soup is what it was.
        self.assertEnds(coordinator.eidactl("retry", "s1"), 0)
        self.assertEnds(coordinator.eidactl("wait", "s1"), 0)
        again = jobs()
        self.assertEqual([again[name]["state"] for name in lost], ["succeeded"] * 2)
        self.assertEqual(again["matrix/gap"]["lacking"], 0)
        self.assertEqual(again["soup/greedy"], soup)

        # Elsewhere nothing fails: fewer evaluations, the same soup.
        other = make_world()
        self.addCleanup(end_world, other)
        with open(f"{other.project}/sweep.yaml", "w", encoding="utf-8") as file:
            file.write(sweep)
        self.assertEnds(other.eidactl("run", "sweep.yaml"), 0)
        self.assertEqual(other.eidactl("soup", "-o", "json").json()["items"], made)
        (whole,) = other.eidactl("get", "soups", "-o", "json").json()["items"]
        self.assertLess(soup["summary"]["evaluations"]["from_paths"], whole["summary"]["evaluations"]["from_paths"])

    def test_what_cannot_be_made_is_said_with_its_place(self):
        for soup, message in (("type: peft_cat", "runs of full do not have"),
                              ("type: greedy, metric: bleu", "expected one of: accuracy, f1, loss"),
                              ("type: greedy, select: seed=9", "selects no run"),
                              ("type: greedy, split: select, report: report, split_half: 1", 'leave "report" out')):
            with self.subTest(soup=soup):
                self.write(HEAD + "soups:\n  - {name: x, " + soup + "}\n", "sweep.yaml")
                self.assertEnds(self.world.eidactl("validate", "sweep.yaml"), 2, message)

    def test_a_rank_that_no_map_has_is_refused_before_anything_runs(self):
        self.write(HEAD + f"soups:\n  - {{name: x, type: peft_svd, rank: 17, {LORA}}}\n", "sweep.yaml")
        self.assertEnds(self.world.eidactl("run", "sweep.yaml"), 2, "its rank is at most 16")


if __name__ == "__main__":
    unittest.main()
