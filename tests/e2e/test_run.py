"""`eidactl run`: from a sweep file to tables and pictures with no set-up, and nothing that is known is computed again."""

import csv
import json
import os
import re
import unittest

import study
from case import Case, end_world, make_world

METRICS = {"cka": "cka", "gap": "convexity_gap", "barrier": "barrier"}


def setUpModule():
    FinishedRun.shared = make_world()
    unittest.addModuleCleanup(end_world, FinishedRun.shared)
    FinishedRun.first = FinishedRun.shared.eidactl("run", "sweep.yaml")


class FinishedRun(Case):
    """The world in which the study was run to its end; tests look at it."""

    shared = first = None

    def setUp(self):
        self.world = self.shared
        self.assertEqual(self.first.code, 0, str(self.first))

    def get(self, *arguments):
        result = self.world.eidactl(*arguments, "-o", "json")
        self.assertEqual(result.code, 0, str(result))
        return result.json()

    def jobs(self, sweep="last"):
        return {job["name"]: job for job in self.get("get", "jobs", sweep)["items"]}

    def attempts(self):
        """{job: attempts that were started}, over all sweeps."""
        counts = {}
        for sweep in self.get("get", "sweeps")["items"]:
            for event in self.get("get", "events", f's{sweep["id"]}')["items"]:
                if event["type"] == "leased":
                    counts[event["job"]] = counts.get(event["job"], 0) + 1
        return counts


class Output(FinishedRun):
    def test_it_says_the_summary_the_soups_and_the_heat_maps(self):
        out = self.first.out + self.first.err
        for text in ("VARIANT", "full", "lora-r2", "REPORT ACC %", "±", "soup greedy", "soup uniform", "greedy soup",
                     "uniform soup", "logit ensemble", "best single", "Linear CKA between runs", "Convexity gap between runs",
                     "Loss barrier between runs", "next: eidactl heatmap"):
            self.assertIn(text, out)

    def test_without_a_terminal_there_are_no_escape_codes(self):
        self.assertNotIn("\x1b", self.first.out + self.first.err)
        self.assertNotIn("\r", self.first.out + self.first.err)

    def test_the_files_that_it_names_are_there_and_whole(self):
        named = re.search(r"^files in (\S+): (.*)$", self.first.out + self.first.err, re.M)
        directory, names = named.group(1), named.group(2).split(", ")
        self.assertEqual(sorted(names), sorted(os.listdir(self.path(directory))))
        self.assertLessEqual({"summary.csv", "summary.json", "soup-greedy.csv", "soup-uniform.csv", "soup-greedy.png"}, set(names))
        for analysis in METRICS:
            self.assertLessEqual({analysis + ending for ending in (".png", ".svg", ".csv")}, set(names))
        for name in names:
            with open(self.path(directory, name), "rb") as file:
                content = file.read()
            if name.endswith(".png"):
                self.assertEqual((content[:8], content[-8:-4]), (b"\x89PNG\r\n\x1a\n", b"IEND"), name)
            elif name.endswith(".svg"):
                self.assertIn(b"<svg", content[:300], name)
                self.assertTrue(content.rstrip().endswith(b"</svg>"), name)
            elif name.endswith(".csv"):
                rows = list(csv.reader(content.decode().splitlines()))
                self.assertEqual({len(row) for row in rows}, {len(rows[0])}, name)
            else:
                json.loads(content)

    def test_it_learns(self):
        variants = self.get("summary")["variants"]
        self.assertEqual([variant["variant"] for variant in variants], ["full", "lora-r2"])
        for variant in variants:
            self.assertEqual(variant["succeeded"], 2)
            self.assertEqual(variant["report/accuracy"]["n"], 2)
        self.assertGreater(variants[0]["report/accuracy"]["mean"], 0.8)
        self.assertLess(variants[1]["trainable_parameters"], variants[0]["trainable_parameters"] / 4)

    def test_nothing_of_it_goes_on_running(self):
        self.assertEqual(self.world.settle(5), [])


class Formats(FinishedRun):
    def test_get_as_json_jsonl_csv_and_names(self):
        for what, columns in (("sweeps", "id"), ("runs", "run"), ("jobs", "id"), ("workers", "worker"), ("checkpoints", "job"),
                              ("events", "at")):
            items = self.get("get", what)["items"]
            self.assertGreater(len(items), 0, what)
            lines = self.world.eidactl("get", what, "-o", "jsonl").out.splitlines()
            self.assertEqual([json.loads(line) for line in lines], items, what)
            rows = list(csv.reader(self.world.eidactl("get", what, "-o", "csv").out.splitlines()))
            self.assertEqual((rows[0][0], len(rows) - 1), (columns, len(items)), what)
        self.assertEqual(self.world.eidactl("get", "runs", "-o", "name").out.split(), study.RUNS)

    def test_get_runs_selects(self):
        items = self.get("get", "runs", "--select", "variant~lora-*,seed<1,state=succeeded")["items"]
        self.assertEqual([item["name"] for item in items], ["lora-r2/seed0"])

    def test_summary_as_json_jsonl_csv_markdown_and_latex(self):
        summary = self.get("summary")
        self.assertEqual((summary["apiVersion"], summary["kind"]), ("eida/v1", "Summary"))
        (line,) = self.world.eidactl("summary", "-o", "jsonl").out.splitlines()
        self.assertEqual(json.loads(line), summary)
        rows = list(csv.reader(self.world.eidactl("summary", "-o", "csv").out.splitlines()))
        self.assertEqual([row[0] for row in rows], ["variant", "full", "lora-r2"])
        self.assertIn("train s", rows[0])
        self.assertNotIn("train s", self.world.eidactl("summary", "--no-times", "-o", "csv").out)
        self.assertTrue(self.world.eidactl("summary", "-o", "md").out.startswith("| variant"))
        self.assertIn("\\begin{tabular}", self.world.eidactl("summary", "-o", "latex").out)

    def test_heatmap_as_json_csv_npy_and_pictures(self):
        for metric in METRICS.values():
            matrix = self.world.eidactl("heatmap", "--metric", metric, "-o", "json").json()
            self.assertEqual((matrix["format"], matrix["metric"], matrix["labels"]), ("eida/matrix/v1", metric, study.RUNS))
            rows = list(csv.reader(self.world.eidactl("heatmap", "--metric", metric, "-o", "csv").out.splitlines()))
            self.assertEqual(rows[0][1:], study.RUNS)
            self.assertEqual([row[0] for row in rows[1:]], study.RUNS)
            for row, values in zip(rows[1:], matrix["values"]):
                self.assertEqual([float(cell) for cell in row[1:]], values)
            for i in range(4):
                for j in range(4):
                    self.assertEqual(matrix["values"][i][j], matrix["values"][j][i])
        for ending, magic in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("npy", b"\x93NUMPY")):
            self.assertEnds(self.world.eidactl("heatmap", "--metric", "cka", "-O", f"map.{ending}"), 0)
            with open(self.path(f"map.{ending}"), "rb") as file:
                self.assertTrue(file.read().startswith(magic), ending)

    def test_plots_and_soup_traces(self):
        for arguments in (("curves",), ("path",), ("path", "--pair", "full/seed0,lora-r2/seed1"), ("soup",)):
            self.assertEnds(self.world.eidactl("plot", *arguments, "-O", "plot.svg"), 0)
            self.assertIn("<svg", self.read("plot.svg")[:300])
            self.assertNotIn("\x1b", self.world.eidactl("plot", *arguments).out)
        (greedy,) = self.get("soup", "--name", "greedy")["items"]
        rows = list(csv.reader(self.world.eidactl("soup", "--name", "greedy", "--trace", "-o", "csv").out.splitlines()))
        self.assertEqual(rows[0][:3], ["soup", "#", "member"])
        self.assertNotIn("uniform", self.world.eidactl("soup", "--trace").out)
        self.assertEnds(self.world.eidactl("soup", "--name", "uniform", "--trace"), 3, "none of these soups tried candidates")
        self.assertEqual([row[2] for row in rows[1:]], [step["member"] for step in greedy["trace"]])
        self.assertEqual([row["model"] for row in greedy["table"]], ["greedy soup", "uniform soup", "logit ensemble", "best single"])

    def test_a_picture_that_cannot_be_written_leaves_nothing(self):
        self.assertEnds(self.world.eidactl("heatmap", "--metric", "cka", "-O", "nowhere/map.png"), 3, "nowhere/map.png",
                        "No such file or directory")
        self.assertFalse(os.path.exists(self.path("nowhere")))


class Resubmission(FinishedRun):
    """After the other classes, and in the order of their names: each test goes on where the one before it stopped."""

    def test_1_a_finished_study_is_not_computed_again(self):
        before, jobs = self.attempts(), self.jobs()
        again = self.world.eidactl("run", "sweep.yaml")
        self.assertEnds(again, 0)
        self.assertLess(again.seconds, min(5, self.first.seconds))
        self.assertEqual(again.out, self.first.out)
        self.assertEqual(self.attempts(), before)
        self.assertEqual(self.jobs(), jobs)
        self.assertEqual(len(self.get("get", "sweeps")["items"]), 1)

    def test_2_the_same_study_under_another_name_takes_everything_over(self):
        before = self.attempts()
        self.assertEnds(self.world.eidactl("run", "sweep.yaml", "--set", "name=twin"), 0, "greedy soup")
        self.assertEqual(self.attempts(), before)
        self.assertEqual({job["state"] for job in self.jobs().values()}, {"succeeded"})
        self.assertTrue(all(job["reused_from"] > 0 for job in self.jobs().values()))

    def token_files(self):
        folder = self.path(".eida", "cache", "tokens")
        return {entry.name: (entry.inode(), entry.stat().st_mtime_ns) for entry in os.scandir(folder)}

    def test_3_another_seed_trains_only_its_own_runs(self):
        before, tokens = self.attempts(), self.token_files()
        self.assertEnds(self.world.eidactl("run", "sweep.yaml", "--set", "seeds=[0, 1, 2]"), 0)
        jobs, after = self.jobs(), self.attempts()
        started = {name for name, job in jobs.items() if after.get(job["id"], 0) > 0}
        self.assertEqual({name for name in started if name.startswith("train/")}, {"train/full/seed2", "train/lora-r2/seed2"})
        for name in started:
            self.assertTrue("seed2" in name or name.startswith(("matrix/", "soup/")), name)
        self.assertEqual({job: count for job, count in after.items() if job in before}, before)
        self.assertEqual(len([name for name in jobs if name.startswith("path/")]), 15)
        # The runners of this study found the token ids that those of the first had left: no file is new, and each was used.
        self.assertGreaterEqual(len(tokens), 2)
        self.assertEqual({name: inode for name, (inode, _) in self.token_files().items()},
                         {name: inode for name, (inode, _) in tokens.items()})
        self.assertTrue(all(used > tokens[name][1] for name, (_, used) in self.token_files().items()))


if __name__ == "__main__":
    unittest.main()
