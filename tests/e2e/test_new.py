"""`eidactl new`: data and a model made here are what a sweep can name and train on, without any download."""

import json
import unittest

from case import Case, tree

SWEEP = """
apiVersion: eida/v1
kind: Sweep
name: made-here
model: {path: models/bert}
data:
  task: classification
  format: tsv
  columns: {text: sentence, label: label}
  max_length: 32
  splits: {train: datasets/sentiment/train.tsv, select: datasets/sentiment/dev.tsv}
seeds: [0]
train: {steps: 4, batch_size: 8, lr: 1.0e-3}
variants: [{name: full, adapter: {type: none}}]
eval: {metric: accuracy, goal: maximize, split: select, report: select}
"""


class New(Case):
    def test_what_is_made_is_trained_on(self):
        self.assertEnds(self.world.eidactl("new", "data", "sentiment", "--rows", "200"), 0, "datasets/sentiment: sentiment, seed 0",
                        "train.tsv: 200 rows", "    dev: datasets/sentiment/dev.tsv")
        made = self.world.eidactl("new", "model", "bert", "--text", "datasets/sentiment/train.tsv", "--vocab", "300", "--hidden", "32", "-o", "json")
        self.assertEnds(made, 0)
        self.assertLessEqual(made.json()["vocabulary"], 300)
        self.write(SWEEP, "made.yaml")
        self.assertEnds(self.world.eidactl("run", "made.yaml"), 0)

    def test_every_family_is_made_and_equal_options_give_equal_bytes(self):
        self.world.eidactl("new", "data", "phrases", "--rows", "200", "-O", "p")
        for family in ("bart", "bert", "gpt2", "mbart", "roberta"):
            for out in ("a", "b"):
                self.assertEnds(self.world.eidactl("new", "model", family, "--text", "p/train.tsv", "p/test.tsv", "-O", f"{out}/{family}"), 0)
            with open(self.path("a", family, "config.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["model_type"], family)
        self.assertEqual(tree(self.path("a")), tree(self.path("b")))

    def test_what_does_not_fit_is_said_and_nothing_is_written(self):
        self.write("some words\n", "words.txt")
        self.write(" \n", "blank.txt")
        for options, said in ((["--hidden", "10", "--heads", "4"], "hidden 10 is not a multiple of heads 4"),
                              (["--vocab", "8"], "a vocabulary of 8 has no room for 5 special tokens"),
                              (["--labels", "1"], "labels is 1"), (["--layers", "0"], "layers is 0")):
            result = self.world.eidactl("new", "model", "bert", "--text", "words.txt", *options)
            self.assertEqual(result.code, 2, result)
            self.assertIn(said, result.err)
        blank = self.world.eidactl("new", "model", "bert", "--text", "blank.txt")
        self.assertEqual(blank.code, 2, blank)
        self.assertIn("blank.txt: has no text", blank.err)
        self.assertNotIn("config.json", tree(self.path("models")) if self.exists("models") else {})

    def exists(self, name):
        return name in tree(self.path())


if __name__ == "__main__":
    unittest.main()
