"""Pairwise analyses to the end: over a variant that fails, between two selections, through adapters' own tensors, by a preset."""

import math
import os
import unittest

from case import Case

ANALYSES = """\
analyses:
  - {name: cka, type: cka, split: select, samples: 32, layers: [last]}
  - {name: gap, type: convexity_gap, split: select, alphas: 5}
  - {name: cross, type: barrier, split: select, alphas: 5, select: "variant~lora-*", with: variant=full}
  - {name: factors, type: convexity_gap, split: select, preset: juneja, alphas: 5, space: adapter, pairs: same_variant}
"""
HOT = """\
  - {name: hot, adapter: {type: lora, r: 2, alpha: 1.0e+30, targets: [query, value]}, train: {lr: 1.0}}
"""


class Matrices(Case):
    def setUp(self):
        super().setUp()
        sweep = self.read("sweep.yaml")
        before, rest = sweep.split("analyses:\n")
        self.write(before.replace("eval: {metric", HOT + "eval: {metric") + ANALYSES, "sweep.yaml")
        self.write(self.read("sweep.yaml").replace("epochs: 8", "epochs: 2"), "sweep.yaml")

    def pairs(self, analysis):
        items = self.world.eidactl("get", "pairs", "-s", analysis, "-o", "json").json()["items"]
        return {(item["a"], item["b"]): item for item in items}

    def test_the_pairs_of_what_failed_are_missing_and_the_rest_is_there(self):
        run = self.world.eidactl("run", "sweep.yaml")
        self.assertEqual(run.code, 7, str(run))
        states = {job["name"]: job for job in self.world.eidactl("get", "jobs", "-o", "json").json()["items"]}
        self.assertEqual(states["train/hot/seed0"]["error"], "nonfinite", states["train/hot/seed0"])
        for name, lacking in (("cka", 2), ("gap", 9), ("cross", 0), ("factors", 1)):
            job = states["matrix/" + name]
            self.assertEqual((job["state"], job["lacking"]), ("succeeded", lacking), job)

        gap = self.pairs("gap")
        self.assertEqual(len(gap), 15)
        for (a, b), pair in gap.items():
            failed = "hot/" in a + b
            self.assertEqual(pair["value"] is None, failed, pair)
            if failed:
                self.assertRegex(pair["missing"], r"^train/hot/seed[01] failed: nonfinite: ")
            else:
                self.assertLessEqual(pair["ci_low"], pair["ci_high"])
                self.assertIsNone(pair["missing"])
        cka = self.pairs("cka")
        self.assertEqual(sum(pair["value"] is None for pair in cka.values()), 9)
        self.assertTrue(all(pair["estimator"] == "unbiased" and pair["layer"] == "last" for pair in cka.values()))

        cross = self.pairs("cross")
        self.assertEqual(set(cross), {(f"lora-r2/seed{i}", f"full/seed{j}") for i in (0, 1) for j in (0, 1)})
        factors = self.pairs("factors")
        self.assertEqual({(pair["space"], pair["preset"], pair["alphas"], pair["n"]) for pair in factors.values() if pair["value"]
                          is not None}, {("adapter", "juneja", 5, 48)})

        # A pair of full models has one line, whatever the space is called.
        full = ("full/seed0", "full/seed1")
        self.assertTrue(math.isclose(factors[full]["value"], gap[full]["value"], rel_tol=1e-5, abs_tol=1e-7))

        for name, more in (("gap", ["--order", "cluster", "--dendrogram"]), ("cross", []), ("cka", ["--order", "seed"])):
            out = self.path(name + ".png")
            drawn = self.world.eidactl("heatmap", "--analysis", name, "-O", out, *more)
            self.assertEqual(drawn.code, 0, str(drawn))
            self.assertGreater(os.path.getsize(out), 3000)
            self.assertEqual("pairs are missing: train/hot/seed0 failed" in drawn.err, name != "cross", drawn.err)
        csv = self.world.eidactl("heatmap", "--analysis", "gap", "-o", "csv").out.splitlines()
        self.assertTrue(csv[1].endswith(",,"), csv[1])

        listed = self.world.eidactl("get", "analyses", "-o", "json").json()["items"]
        self.assertEqual({item["name"]: item["summary"]["missing"] for item in listed},
                         {"cka": 9, "gap": 9, "cross": 0, "factors": 1})
        # Nothing is evaluated twice: each model once a split, its features once, and of a path the points between its ends.
        passes = {name: job["summary"]["model_passes"] for name, job in states.items()
                  if job["kind"] in ("evaluate", "gram", "path") and job["state"] == "succeeded"}
        self.assertEqual({name: n for name, n in passes.items() if n != (3 if name.startswith("path/") else 1)}, {})

    def test_bad_pairs_are_refused_with_their_place(self):
        for old, new, messages in (
                ("with: variant=full", 'with: "variant~lora-*"', ("[duplicate-run]", "lora-r2/seed0")),
                ("with: variant=full", "with: variant=none", ("[empty-selection]", "selects no run")),
                ("pairs: same_variant", "pairs: all", ("[adapter-structure]", '"full" and "lora-r2"')),
                ("preset: juneja", "preset: junja", ("[enum]", "did you mean")),
        ):
            with self.subTest(new):
                self.edit(old, new)
                self.assertEnds(self.world.eidactl("validate", "sweep.yaml"), 2, *messages)
                self.edit(new, old)


if __name__ == "__main__":
    unittest.main()
