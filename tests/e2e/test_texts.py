"""A study of language models to its end: both kinds of model, LoRA and EIDA, every analysis, a soup; and what is refused."""

import json
import os
import random
import re
import shutil
import unittest

from case import Case

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../golden/models")
SWEEP = """\
apiVersion: eida/v1
kind: Sweep
name: texts
model: {path: %(family)s}
data:
  task: %(task)s
  max_length: 16
%(data)s
  splits:
    train: rows.txt
    select: {from: train, items: 32, seed: 0}
    report: {from: train, items: 32, seed: 1}
seeds: [0, 1]
train: {epochs: 3, batch_size: 16, lr: 5.0e-3}
variants:
  - {name: full, adapter: {type: none}}
  - {name: lora, adapter: {type: lora, r: 2, alpha: 4, targets: [%(lora)s]}}
%(more)s
eval: {metric: loss, split: select, report: report, every: {epochs: 1}, generate: {num_beams: 3, max_length: 14, batch_size: 8}}
analyses:
  - {name: cka, type: cka, samples: 16}
  - {name: gap, type: convexity_gap, samples: 16, alphas: 3}
soups:
  - {name: greedy, type: greedy}
observations:
  - {name: base, targets: [fc1, attn_out], sizes: [16, 32], dims: [1, 4], repeats: 2, held_out: 32, token_probability: 0.3}
"""
EIDA = """\
  - name: "eida-{adapter.freeze}"
    train: {schedule: {restart: epoch}}
    adapter: {type: eida, targets: [query, fc1], dims: 4, sequences: 16, token_probability: 0.2}
    grid: {adapter.freeze: [doc, code]}
"""


class Texts(Case):
    def study(self, family, task, data, lora, more=""):
        shutil.copytree(os.path.join(GOLDEN, family), self.path(family))
        self.write(json.dumps({"bos_token": "w2", "eos_token": "w9"}), family, "tokenizer_config.json")
        rng, rows = random.Random(3), [] if task == "e2e" else ["en\tro"]
        for _ in range(160):
            words = [f"w{rng.randint(10, 29)}" for _ in range(rng.randint(1, 4))]
            rows.append(("||" if task == "e2e" else "\t").join([" ".join(words), " ".join(reversed(words))]))
        self.write("\n".join(rows) + "\n", "rows.txt")
        self.write(SWEEP % {"family": family, "task": task, "data": data, "lora": lora, "more": more}, "texts.yaml")

    def results(self, variants, metrics):
        result = self.world.eidactl("run", "texts.yaml", timeout=300)
        self.assertEnds(result, 0, "VARIANT", "greedy soup", "convexity gap (nats)")
        summary = json.loads(self.read("eida-results", "texts", "summary.json"))
        text = json.dumps(summary)
        for variant in variants:
            self.assertIn(variant, text)
        soups = self.world.eidactl("soup", "-o", "json").json()
        rows = {row["model"]: row for row in (soups.get("items", [soups])[0])["table"]}
        self.assertEqual(set(rows), {"greedy soup", "uniform soup", "best single"})
        self.assertLessEqual(rows["greedy soup"]["select"]["loss"], rows["best single"]["select"]["loss"])
        self.assertNotIn("accuracy", json.dumps(soups))
        self.assertNotIn("ACC", result.out)
        self.assertIn(f"REPORT {next(iter(metrics)).upper()}", result.out)
        self.texts_and_observation(variants, metrics)
        return summary

    def texts_and_observation(self, variants, metrics):
        for variant in variants:
            lines = [json.loads(line) for line in self.world.eidactl("texts", f"{variant}/seed1", "--limit", "0", "-o", "jsonl").out.splitlines()]
            self.assertTrue(16 < len(lines) <= 32, len(lines))
            self.assertTrue(all(line["references"] for line in lines))
            self.assertGreater(len({line["text"] for line in lines}), 1, variant)
        rows = self.world.eidactl("summary", "-o", "json").json()["variants"]
        for row in rows:
            for metric, largest in metrics.items():
                self.assertTrue(0 <= row[f"report/{metric}"]["mean"] <= largest, row)
        self.assertGreater(max(row[f"report/{next(iter(metrics))}"]["mean"] for row in rows), 0, "some words are right")
        self.assertEnds(self.world.eidactl("texts", "full/seed0"), 0, "  text       w", "  reference  w")
        self.assertEnds(self.world.eidactl("texts", "full/seed7"), 3, "no run", "did you mean")
        plot = lambda *options: self.world.eidactl("plot", "observation", *options, "--format", "json")
        for side in ("input", "update"):
            by_layer = plot("--side", side, "--role", "fc1", "--sequences", "32").json()
            self.assertEqual([series["label"] for series in by_layer["series"]], ["4 dims", "1 dims"])
            four, one = (series["y"] for series in by_layer["series"])
            self.assertTrue(all(0 < low < high <= 1 for low, high in zip(one, four, strict=True)), by_layer)
            self.assertEqual(plot("--side", side).json()["series"][0]["x"], [16, 32])
        self.assertEnds(plot("--role", "query"), 3, "attn_out, fc1")
        self.assertEnds(plot("--role", "fc1", "--sequences", "7"), 3, "[16,32]")

    def test_a_decoder_with_e2e_lines(self):
        self.study("gpt2", "e2e", "", "qkv", EIDA)
        self.results(["full", "lora", "eida-doc", "eida-code"], {"rouge_l": 1, "e2e_bleu": 1, "e2e_nist": 20, "meteor_exact_stem": 1, "cider": 10})

    def test_an_encoder_decoder_with_translations(self):
        self.study("mbart", "translation", "  columns: {source: en, target: ro}\n  source_lang: w4\n  target_lang: w5", "query, value")
        self.results(["full", "lora"], {"bleu": 100})

    def test_what_does_not_fit_is_refused_at_its_place(self):
        self.study("gpt2", "e2e", "", "qkv")
        for old, new, *expected in (
                ("task: e2e", "task: classification", "texts.yaml:19:", '"eval.generate": the task classification labels items'),
                ("metric: loss", "metric: accuracy", "texts.yaml:19:", "accuracy"),
                ("max_length: 16", "max_length: 17", "texts.yaml:7:", "the model has only 16 positions")):
            with self.subTest(new=new):
                text = self.read("texts.yaml")
                self.write(text.replace(old, new), "texts.yaml")
                result = self.world.eidactl("validate", "texts.yaml")
                self.write(text, "texts.yaml")
                self.assertEnds(result, 2, *expected)
        plain = re.sub(", generate: {[^}]*}", "", self.read("texts.yaml")).replace("task: e2e", "task: classification")
        self.write(plain, "plain.yaml")
        self.assertEnds(self.world.eidactl("validate", "plain.yaml"), 2, "plain.yaml:4:", "gpt2 predicts tokens, and the task classification needs")
        self.write("w10||w11\nw12 w13\n", "rows.txt")
        self.assertEnds(self.world.eidactl("validate", "texts.yaml"), 2, "rows.txt:2: has no || between")


if __name__ == "__main__":
    unittest.main()
