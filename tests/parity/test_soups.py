"""Soups of factors against PEFT's own combinations of the same adapters."""

import os
import unittest

import torch
from peft import LoraConfig, PeftModel
from safetensors.torch import load_file, save_file

import eida
import limits
import peer

PREFIX = "base_model.model."


class SoupTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = eida.Bench()
        cls.items = peer.Items()
        # Two of one rank, one of another; scales of 4 and of 2, so that one that counts twice shows.
        cls.settings = {"a": (4, 16), "b": (4, 8), "c": (2, 8)}
        cls.weights = {name: cls.bench.train(eida.lora(r, alpha), seed=seed, steps=30, lr=5e-3).artifacts["weights"]
                       for seed, (name, (r, alpha)) in enumerate(cls.settings.items())}
        cls.results = {role: {name: cls.bench.evaluate(path, role).artifacts["eval"] for name, path in cls.weights.items()}
                       for role in ("select", "report")}

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def without_head(self, name):
        """The adapter as a PEFT directory without its head: PEFT combines no adapters that carry one."""
        directory = self.bench.path("peft-" + name)
        os.makedirs(directory, exist_ok=True)
        r, alpha = self.settings[name]
        LoraConfig(r=r, lora_alpha=alpha, target_modules=["query", "value"]).save_pretrained(directory)
        tensors = {k: v for k, v in load_file(self.weights[name]).items() if ".lora_" in k}
        save_file(tensors, os.path.join(directory, "adapter_model.safetensors"), metadata={"format": "pt"})
        return directory

    def expected(self, members, numbers, **combination):
        """Logits of PEFT's combination with equal weights and the mean of the heads."""
        model = PeftModel.from_pretrained(peer.classifier(), self.without_head(members[0]), adapter_name=members[0])
        for name in members[1:]:
            model.load_adapter(self.without_head(name), adapter_name=name)
        model.add_weighted_adapter(list(members), [1 / len(members)] * len(members), "soup", **combination)
        model.set_adapter("soup")
        heads = [load_file(self.weights[name]) for name in members]
        with torch.no_grad():
            for part in ("weight", "bias"):
                mean = sum(head[PREFIX + "classifier." + part].double() for head in heads) / len(heads)
                getattr(model.base_model.model.classifier, part).copy_(mean)
        return peer.logits(model.eval(), self.items, numbers)

    def soup(self, kind, members, options=None):
        inputs = {f"member/{i}": self.weights[name] for i, name in enumerate(members)}
        for role in ("select", "report"):
            inputs.update({f"{role}/{i}": self.results[role][name] for i, name in enumerate(members)})
        return self.bench.run("soup", {"type": kind, "members": [{"label": name, "variant": name, "seed": 0} for name in members],
                                       "select": "select", "report": "report", "options": options or {},
                                       "numerics": eida.NUMERICS}, inputs)

    def compare(self, kind, members, options=None, **combination):
        made = self.soup(kind, members, options)
        ours = self.bench.evaluate(made.artifacts["weights"]).tensors("eval")
        theirs = self.expected(members, ours["item"].tolist(), combination_type=kind.removeprefix("peft_"), **combination)
        limits.check(self, "peft soup logits", eida.largest(ours["logits"], theirs), f"{kind} of {'+'.join(members)}")
        return ours["logits"], theirs

    def test_cat(self):
        self.compare("peft_cat", "abc")

    def test_linear(self):
        linear, _ = self.compare("peft_linear", "ab")
        cat, _ = self.compare("peft_cat", "ab")
        self.assertGreater(eida.largest(linear, cat), 1e-2, "the two combinations should differ")

    def test_linear_takes_equal_ranks_only_as_in_peft(self):
        with self.assertRaisesRegex(RuntimeError, "a has rank 4 and c rank 2"):
            self.soup("peft_linear", "ac")
        with self.assertRaisesRegex(ValueError, "same r value"):
            self.expected("ac", [0], combination_type="linear")

    def test_svd(self):
        largest, _ = self.compare("peft_svd", "abc")
        small, _ = self.compare("peft_svd", "abc", {"rank": 1}, svd_rank=1)
        self.assertGreater(eida.largest(largest, small), 1e-3, "rank 1 should lose something")


if __name__ == "__main__":
    unittest.main()
