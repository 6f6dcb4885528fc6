"""The six sweeps of the papers at their smoke size, as a user runs them, without a download: data and models of our own making, base models
trained here first. What is checked can be wrong: each variant learned beyond its base, identities, symmetric matrices, soups, subspaces. Minutes:
`make smoke`. With EIDA_SMOKE=DIR (`make smoke KEEP=DIR`) the project stays there: data, models, sweeps, their state, to go on with by hand."""

import functools
import itertools
import json
import os
import shutil
import tempfile
import unittest

import programs
from case import end_world

PAPERS = os.path.join(programs.ROOT, "deploy", "examples", "papers")
BASE_ALONE = "[{name: base, adapter: {type: none}, train: {steps: 0}}]"
# Rows of each kind of data, which bases and studies draw apart; and of each base's sweep: family, data, size. The settings are those that
# client/synth/README.md measured.
ROWS = {"paraphrases": 8000, "phrases": 8000, "restaurants": 6000, "sentiment": 2000}
SMALL = {"layers": 2, "hidden": 64, "heads": 4, "intermediate": 128}
LARGER = {"layers": 2, "hidden": 128, "heads": 4, "intermediate": 256}
BASES = {
    "qqp-bert": ("bert", "paraphrases", {"vocab": 400, **SMALL}),
    "enro-mbart": ("mbart", "phrases", {"vocab": 620, "positions": 64, **LARGER}),
    "eida-sst2": ("roberta", "sentiment", {"vocab": 600, **SMALL}),
    "eida-e2e": ("gpt2", "restaurants", {"vocab": 600, "positions": 144, **LARGER}),
}


def setUpModule():
    keep = os.environ.get("EIDA_SMOKE")
    if keep and os.path.exists(keep) and os.listdir(keep):
        raise SystemExit(f"make smoke: {keep} is not empty; name a new directory")
    Papers.world = programs.World(keep or tempfile.mkdtemp(prefix="eida-smoke-"))
    unittest.addModuleCleanup(Papers.world.end if keep else functools.partial(end_world, Papers.world))
    shutil.copytree(PAPERS, os.path.join(Papers.world.project, "deploy", "examples", "papers"))
    for kind, rows in ROWS.items():
        for seed, (name, n) in enumerate(((kind, 2000), (kind + "-base", rows))):
            Papers.eidactl("new", "data", kind, "--seed", str(seed), "--rows", str(n), "-O", f"datasets/{name}")


class Papers(unittest.TestCase):
    world = None
    made = set()

    @classmethod
    def eidactl(cls, *arguments, **options):
        result = cls.world.eidactl(*arguments, **options)
        if result.code != 0:
            raise AssertionError(str(result))
        return result

    @classmethod
    def base(cls, sweep):
        """The base model of a smoke-sized sweep: random, then trained by the same file's preset smoke-base, then written as a directory."""
        if sweep in cls.made:
            return
        cls.made.add(sweep)
        family, kind, sizes = BASES[sweep]
        folder = os.path.join(cls.world.project, "datasets", kind + "-base")
        texts = [os.path.join("datasets", kind + "-base", name) for name in sorted(os.listdir(folder)) if name.startswith("train")]
        options = [text for name, value in sizes.items() for text in (f"--{name}", str(value))]
        cls.eidactl("new", "model", family, "--text", *texts, *options, "-O", f"models/random-{family}")
        cls.run_sweep(sweep, "smoke-base")
        cls.eidactl("export", "run", "full/seed0", "--to", "hf", "-O", f"models/smoke-{family}")

    @classmethod
    def run_sweep(cls, sweep, preset="smoke"):
        result = cls.eidactl("run", f"deploy/examples/papers/{sweep}.yaml", "--preset", preset, timeout=900)
        print(f"{sweep} {preset}: {result.seconds:.0f} s", flush=True)
        return result

    def summary(self):
        print(self.eidactl("summary").out, flush=True)
        return {row["variant"]: row for row in self.eidactl("summary", "-o", "json").json()["variants"]}

    def run_both(self, sweep):
        """The base as it is, then the sweep; the scores of the base, and those of every variant."""
        self.base(sweep)
        self.eidactl("run", f"deploy/examples/papers/{sweep}.yaml", "--preset", "smoke", "--set", f"name={sweep}-base", "--set", f"variants={BASE_ALONE}",
                     *(["--set", "analyses=null", "--set", "soups=null"] if sweep in ("qqp-bert", "enro-mbart") else []))
        base = self.summary()["base"]
        self.run_sweep(sweep)
        return base, self.summary()

    def check_learned(self, base, variants, share, metric, more):
        """Every variant's loss is at most `share` of its base's, and its score the base's and `more`: what trains nothing has the base's."""
        for variant, row in variants.items():
            self.assertLess(row["report/loss"]["mean"], share * base["report/loss"]["mean"], variant)
            self.assertGreater(row["report/" + metric]["mean"], base["report/" + metric]["mean"] + more, variant)

    def matrix(self, analysis):
        return self.eidactl("heatmap", "--analysis", analysis, "--format", "json", "-O", "-").json()

    def check_cka(self):
        matrix = self.matrix("cka")
        values, n = matrix["values"], len(matrix["labels"])
        for i, j in itertools.combinations_with_replacement(range(n), 2):
            self.assertEqual(values[i][j], values[j][i])
            self.assertTrue(0 <= values[i][j] <= 1 + 1e-6, values[i][j])
            if i == j:
                self.assertAlmostEqual(values[i][j], 1, places=6)
            else:
                self.assertLess(values[i][j], 1 - 1e-9, "two runs are one")

    def check_gaps(self, analysis, belongs):
        matrix = self.matrix(analysis)
        runs = list(zip(matrix["variants"], matrix["seeds"], strict=True))
        seen = 0
        for (i, a), (j, b) in itertools.combinations(enumerate(runs), 2):
            value = matrix["values"][i][j]
            self.assertEqual(value, matrix["values"][j][i])
            self.assertEqual(value is not None, belongs(a, b), (a, b, value))
            if value is not None:
                self.assertGreaterEqual(value, 0)
                seen += 1
        self.assertGreater(seen, 0)

    def check_soups(self, texts=None):
        soups = self.eidactl("soup", "-o", "json").json()["items"]
        for soup in soups:
            rows = {row["model"]: row for row in soup["table"]}
            self.assertGreater(len(soup["order"]), 1)
            if soup["name"] == "greedy":
                self.assertLessEqual(rows["greedy soup"]["select"]["loss"], rows["best single"]["select"]["loss"])
                best = min(entry["loss"] for entry in soup["order"])
                self.assertEqual(rows["best single"]["select"]["loss"], best)
                if texts:  # table 9 has the BLEU of both
                    for model in ("greedy soup", "best single"):
                        self.assertGreater(rows[model]["report"][texts], 20)
        self.assertEqual({soup["name"] for soup in soups}, {"greedy", "uniform"})

    def check_report(self, paper, *tables):
        self.eidactl("report", "--paper", paper, "-O", "report", "--force")
        for name in tables:
            self.assertTrue(os.path.exists(os.path.join(self.world.project, "report", "tables", name + ".csv")), name)

    def check_observation(self, observation, role):
        for side in ("input", "update"):
            plot = self.eidactl("plot", "observation", "--side", side, "--role", role, "--format", "json", "-O", "-").json()
            curves = [series["y"] for series in plot["series"]]  # of many dims first
            self.assertGreater(len(curves), 2)
            for more, fewer in itertools.pairwise(curves):
                for high, low in zip(more, fewer, strict=True):
                    self.assertTrue(0 < low <= high <= 1 + 1e-6, (side, low, high))
            self.assertGreater(curves[0][0], curves[-1][0])
        self.check_report("eida", "EO-" + observation, "Claims")

    def test_qqp_bert(self):
        base, variants = self.run_both("qqp-bert")
        self.check_learned(base, variants, 0.97, "f1", 0.01)
        for variant, row in variants.items():
            self.assertGreater(row["report/accuracy"]["mean"], 0.6, variant)
        self.check_cka()
        self.check_gaps("gap-same-variant", lambda a, b: a[0] == b[0])
        self.check_gaps("gap-same-seed", lambda a, b: a[1] == b[1])
        self.check_soups()
        self.check_report("thesis", "T1-QQP", "T2", "T4", "T6", "T8", "Claims")

    def test_enro_mbart(self):
        base, variants = self.run_both("enro-mbart")
        self.check_learned(base, variants, 0.998, "bleu", 0.5)
        self.assertLess(variants["full"]["report/loss"]["mean"], 0.8 * base["report/loss"]["mean"])
        self.check_cka()
        self.check_gaps("gap-same-variant", lambda a, b: a[0] == b[0])
        self.check_gaps("gap-same-seed", lambda a, b: a[1] == b[1])
        self.check_soups("bleu")
        self.check_report("thesis", "T1-EnRo", "T3", "T5", "T7", "T9", "Claims")

    def test_eida_sst2(self):
        base, variants = self.run_both("eida-sst2")
        self.check_learned(base, variants, 0.8, "accuracy", 0.05)
        self.check_report("eida", "ET1", "Claims")

    def test_eida_e2e(self):
        base, variants = self.run_both("eida-e2e")
        self.check_learned(base, variants, 0.985, "rouge_l", 0.01)
        texts = [json.loads(line) for line in self.eidactl("texts", "eida/seed42", "--limit", "0", "-o", "jsonl").out.splitlines()]
        self.assertGreater(len({text["text"] for text in texts}), len(texts) // 2, "it writes what the facts say")
        self.check_report("eida", "ET2", "Claims")

    def test_observe_roberta(self):
        self.base("eida-sst2")
        self.run_sweep("observe-roberta")
        self.check_observation("sst2", "fc1")

    def test_observe_gpt2(self):
        self.base("eida-e2e")
        self.run_sweep("observe-gpt2")
        self.check_observation("e2e", "fc1")


if __name__ == "__main__":
    unittest.main()
