"""Exported directories load in PEFT and transformers and give the logits that Eida gave."""

import os
import unittest

import transformers
from peft import PeftModel
from safetensors.torch import load_file

import eida
import limits
import peer


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = eida.Bench()
        cls.items = peer.Items()

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def export(self, weights, form, adapter=None):
        spec = {"format": form, "labels": 2}
        if adapter:
            spec["adapter"] = adapter
        result = self.bench.run("export", spec, {"weights": weights})
        directory = self.bench.path(f"export{self.bench.count}")
        os.makedirs(directory)
        for name, path in result.artifacts.items():
            os.link(path, os.path.join(directory, os.path.basename(name)))
        self.assertEqual(sorted(os.listdir(directory)), sorted(os.path.basename(f) for f in result.summary["files"]))
        return directory

    def same_logits(self, model, weights):
        result = self.bench.evaluate(weights).tensors("eval")
        logits = peer.logits(model.eval(), self.items, result["item"].tolist())
        self.assertGreater(float(logits.std()), 100 * limits.LIMITS["export logits"][0], "logits should spread")
        limits.check(self, "export logits", eida.largest(result["logits"], logits))
        return logits

    def load(self, directory):
        model, told = transformers.AutoModelForSequenceClassification.from_pretrained(directory, output_loading_info=True)
        for key in ("missing_keys", "unexpected_keys", "mismatched_keys"):
            self.assertFalse(told[key], key)
        return model

    def lora(self, r, seed=0, **settings):
        return self.bench.train(eida.lora(r, **settings), seed=seed, steps=20, lr=5e-3).artifacts["weights"]

    def test_lora_as_a_peft_directory(self):
        for r, seed in ((1, 0), (8, 1)):
            with self.subTest(r=r):
                weights = self.lora(r, seed)
                directory = self.export(weights, "peft", eida.lora(r))
                fresh = peer.classifier()
                model = PeftModel.from_pretrained(fresh, directory)
                logits = self.same_logits(model, weights)
                # Merged by PEFT itself, it is the same model still.
                numbers = self.bench.evaluate(weights).tensors("eval")["item"].tolist()
                merged = peer.logits(model.merge_and_unload().eval(), self.items, numbers)
                limits.check(self, "export logits", eida.largest(merged, logits), "merge_and_unload")

    def test_lora_on_maps_whose_short_names_are_ambiguous_as_a_peft_directory(self):
        targets = ("attn_out", "fc1")  # both are called "dense", and so are three maps that are not meant
        weights = self.lora(4, targets=targets, alpha=6)
        directory = self.export(weights, "peft", eida.lora(4, targets=targets, alpha=6))
        model = PeftModel.from_pretrained(peer.classifier(), directory)
        self.assertEqual(sum(name.endswith("lora_A.default.weight") for name, _ in model.named_parameters()), 12)
        self.same_logits(model, weights)

    def test_what_peft_saves_again_is_what_was_exported(self):
        directory = self.export(self.lora(2), "peft", eida.lora(2))
        again = self.bench.path("saved-by-peft")
        PeftModel.from_pretrained(peer.classifier(), directory).save_pretrained(again)
        ours, theirs = (load_file(os.path.join(d, "adapter_model.safetensors")) for d in (directory, again))
        self.assertEqual(set(ours), set(theirs))
        for name, tensor in ours.items():
            self.assertTrue(tensor.equal(theirs[name]), name)

    def test_lora_merged_as_a_hugging_face_directory(self):
        weights = self.lora(8)
        self.same_logits(self.load(self.export(weights, "hf", eida.lora(8))), weights)

    def test_full_fine_tuning_as_a_hugging_face_directory_with_its_tokenizer(self):
        weights = self.bench.train({"type": "none"}, steps=20, lr=1e-4).artifacts["weights"]
        directory = self.export(weights, "hf", {"type": "none"})
        self.same_logits(self.load(directory), weights)
        own = transformers.AutoTokenizer.from_pretrained(directory)
        texts = [text for text, _ in self.items.rows[:50]]
        self.assertEqual(own(texts)["input_ids"], self.items.tokenizer(texts)["input_ids"])

    def test_soups_as_hugging_face_directories(self):
        members = {"lora": [self.lora(2, 1), self.lora(8, 2)]}
        members["mixed"] = [members["lora"][0], self.bench.train({"type": "none"}, seed=3, steps=20, lr=1e-4).artifacts["weights"]]
        for name, weights in members.items():
            with self.subTest(members=name):
                inputs = {f"member/{i}": path for i, path in enumerate(weights)}
                for split in ("select", "report"):
                    inputs |= {f"{split}/{i}": self.bench.evaluate(path, split).artifacts["eval"] for i, path in enumerate(weights)}
                soup = self.bench.run("soup", {"type": "uniform", "select": "select", "report": "report", "min_gain": 0,
                                               "members": [{"label": str(i), "variant": "v", "seed": i} for i in range(2)],
                                               "alphas": [0.5], "numerics": eida.NUMERICS}, inputs).artifacts["weights"]
                self.same_logits(self.load(self.export(soup, "hf")), soup)


if __name__ == "__main__":
    unittest.main()
