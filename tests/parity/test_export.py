"""Exported directories load in PEFT and transformers and give the logits that Eida gave."""

import os
import unittest

import transformers
from peft import PeftModel

import eida
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
        self.assertGreater(float(logits.std()), 0.05)
        self.assertLess(eida.largest(result["logits"], logits), 1e-4)

    def test_lora_as_a_peft_directory(self):
        for r, seed in ((1, 0), (8, 1)):
            with self.subTest(r=r):
                weights = self.bench.train(eida.lora(r), seed=seed, steps=20, lr=5e-3).artifacts["weights"]
                directory = self.export(weights, "peft", eida.lora(r))
                self.same_logits(PeftModel.from_pretrained(peer.classifier(), directory), weights)

    def test_lora_merged_as_a_hugging_face_directory(self):
        weights = self.bench.train(eida.lora(8), steps=20, lr=5e-3).artifacts["weights"]
        directory = self.export(weights, "hf", eida.lora(8))
        model, told = transformers.AutoModelForSequenceClassification.from_pretrained(directory, output_loading_info=True)
        self.assertFalse(told["missing_keys"])
        self.same_logits(model, weights)

    def test_full_fine_tuning_as_a_hugging_face_directory_with_its_tokenizer(self):
        weights = self.bench.train({"type": "none"}, steps=20, lr=1e-4).artifacts["weights"]
        directory = self.export(weights, "hf", {"type": "none"})
        model = transformers.AutoModelForSequenceClassification.from_pretrained(directory)
        self.same_logits(model, weights)
        own = transformers.AutoTokenizer.from_pretrained(directory)
        text = self.items.rows[0][0]
        self.assertEqual(own(text)["input_ids"], self.items.tokenizer(text)["input_ids"])


if __name__ == "__main__":
    unittest.main()
