"""Language models on pairs of texts: what each family reads and predicts, fifty training steps, and generated texts."""

import json
import os
import random
import shutil
import tempfile
import unittest

import torch
import transformers

import eida
import limits
import make_models
import peer

STEPS = 50
FAMILIES = ("bart", "gpt2", "mbart")
LANGUAGES = {"source_lang": "w4", "target_lang": "w5"}
BOS, EOS = 2, 9


def rows():
    """Words and the same words backwards, with some sources twice."""
    random.seed(3)
    sources = [[random.randint(10, 29) for _ in range(random.randint(1, 4))] for _ in range(240)]
    return [(source, source[::-1]) for source in sources]


def told(name, tensor):
    """Without a key's bias: it shifts all scores of a query alike, so its gradient is rounding, which Adam makes a step of."""
    query, _, value = tensor.chunk(3) if name.endswith("c_attn.bias") else (tensor, None, tensor[:0])
    return torch.cat([query, value])


class World:
    """A golden model, a tokenizer of words w<n>, rows of pairs; and what transformers is given of them, made here by hand."""

    def __init__(self, family):
        self.family = family
        self.dir = tempfile.mkdtemp(prefix="eida-texts-")
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            shutil.copy(os.path.join(eida.ROOT, "tests/golden/models", family, name), self.dir)
        with open(os.path.join(self.dir, "tokenizer_config.json"), "w", encoding="utf-8") as file:
            json.dump({"bos_token": f"w{BOS}", "eos_token": f"w{EOS}"}, file)
        self.rows = rows()
        self.file = os.path.join(self.dir, "rows.txt")
        with open(self.file, "w", encoding="utf-8") as file:
            for pair in self.rows:
                file.write("||".join(" ".join(f"w{w}" for w in words) for words in pair) + "\n")
        data = {"task": "e2e", "format": "e2e", "columns": {"text": "source", "text_pair": "target"}, "max_length": 16,
                "splits": [{"name": "train", "digest": "rows"}, {"name": "select", "from": "train", "items": 40, "seed": 0},
                           {"name": "report", "from": "train", "items": 40, "seed": 1}],
                **(LANGUAGES if family == "mbart" else {})}
        self.bench = eida.Bench(model=self.dir, architecture=family, data=(data, {"data/train": self.file}))
        self.model = make_models.load(family, self.dir)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bench.close()
        shutil.rmtree(self.dir)

    def item(self, pair):
        source, target = pair
        if self.family == "gpt2":
            ids = [*source, BOS, *target, EOS]
            return ids, [-100] * len(source) + [*target, EOS, -100]
        if self.family == "bart":
            return source, [self.model.config.decoder_start_token_id, *target[:-1]], target
        return [*source, EOS, 4], [5, *target, EOS], [*target, EOS, 5]

    def items(self):
        return peer.Sequences([self.item(pair) for pair in self.rows])


class TextsTest(unittest.TestCase):
    def test_fifty_steps_on_pairs(self):
        for family in FAMILIES:
            with self.subTest(family=family), World(family) as world:
                result = world.bench.train({"type": "none"}, steps=STEPS, lr=2e-3, trace=True, batch_size=6, grad_accum=2, label_smoothing=0.1)
                trace = eida.Trace(result, 2, 160)
                named = peer.trainable(world.model, trace.init)
                losses, _ = peer.train(world.model, world.items(), trace.updates, named, world.bench.settings)
                self.assertLess(float(losses[-10:].mean()), 0.95 * float(losses[:10].mean()), "it should learn")
                limits.check(self, "step losses", ((trace.loss - losses).abs() / losses.abs()).max(), world.family)
                final = result.tensors("weights")
                apart = {n: eida.largest(told(n, final[n]), told(n, p.detach())) for n, p in named.items() if not n.endswith("k_proj.bias")}
                limits.check(self, "final weights", max(apart.values()), f"{world.family} {max(apart, key=apart.get)}")

    def test_losses_of_items(self):
        for family in FAMILIES:
            with self.subTest(family=family), World(family) as world:
                weights = os.path.join(world.dir, "model.safetensors")
                result = world.bench.evaluate(weights, "select", label_smoothing=0.1).tensors("eval")
                items = world.items()
                for name, smoothing in (("loss", 0.0), ("loss_smoothed", 0.1)):
                    with torch.no_grad():
                        expected = [float(items.loss(world.model, [i], smoothing)) / items.count([i]) for i in result["item"].tolist()]
                    limits.check(self, "item losses", eida.largest(result[name], expected), world.family)
                self.assertEqual(result["count"].tolist(), [items.count([i]) for i in result["item"].tolist()])

    def test_generated_texts(self):
        """All sources of a split in one run, against transformers' generate of each alone."""
        for family in FAMILIES:
            with self.subTest(family=family), World(family) as world:
                for options in ({"num_beams": 1, "max_length": 14}, {"num_beams": 10, "max_length": 14, "early_stopping": True}):
                    spec = {"split": "select", "generate": {**options, "eos_token_id": EOS}, "numerics": {**eida.NUMERICS, "batch_size": 1000}}
                    result = world.bench.run("generate", spec, {"weights": os.path.join(world.dir, "model.safetensors")})
                    with open(result.artifacts["texts"], encoding="utf-8") as file:
                        texts = [json.loads(line) for line in file]
                    self.assertEqual(len({text["source"] for text in texts}), len(texts))
                    differ = [text["source"] for text in texts if text["tokens"] != self.generated(world, text, options)]
                    limits.check(self, "generated texts", len(differ), f"{world.family} {options} {differ[:3]}")

    def generated(self, world, text, options):
        source = [int(w[1:]) for w in text["source"].split()]
        self.assertEqual(text["references"], [" ".join(f"w{w}" for w in reversed(source))] * len(text["references"]))
        ids = {"gpt2": [*source, BOS], "bart": source, "mbart": [*source, EOS, 4]}[world.family]
        config = world.model.config
        forced = {k: getattr(config, k, None) for k in ("forced_bos_token_id", "forced_eos_token_id")}
        start = 5 if world.family == "mbart" else getattr(config, "decoder_start_token_id", None)
        world.model.generation_config = transformers.GenerationConfig(**options, **forced, eos_token_id=EOS, pad_token_id=1,
                                                                      decoder_start_token_id=start, do_sample=False)
        made = world.model.generate(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long))
        return made[0, len(ids) if world.family == "gpt2" else 1:].tolist()


if __name__ == "__main__":
    unittest.main()
