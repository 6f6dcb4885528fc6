"""Every family on random models of other sizes than the checked-in ones: the contract suite of tests/unit/engine/models_test.cc
against what transformers computes now; and what Eida writes, loaded by transformers."""

import json
import os
import subprocess
import tempfile
import unittest

import torch
from safetensors.torch import load_file

import eida
import limits
import make_models

BUILD = os.path.dirname(eida.BIN)
# Heads of odd widths, layers that differ, a state wider than its feed-forward map.
SIZES = [{"hidden_size": 12, "num_attention_heads": 4, "num_hidden_layers": 1, "intermediate_size": 7},
         {"hidden_size": 40, "num_attention_heads": 2, "num_hidden_layers": 3, "intermediate_size": 33},
         {"hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2, "intermediate_size": 96}]


class ModelsTest(unittest.TestCase):
    def test_the_contract_suite_holds_for_models_of_other_sizes(self):
        subprocess.run(["ninja", "-C", BUILD, "eida_engine_test"], check=True, stdout=subprocess.DEVNULL)
        for seed, sizes in enumerate(SIZES, start=1):
            with self.subTest(**sizes), tempfile.TemporaryDirectory() as directory:
                make_models.write(directory, seed, **sizes)
                run = subprocess.run([os.path.join(BUILD, "tests/eida_engine_test"), "--gtest_filter=*EveryModel*:*EveryGenerator*"],
                                     env={**os.environ, "EIDA_GOLDEN_MODELS": directory}, capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, 0, run.stdout[-4000:])
                self.assertIn("[  PASSED  ]", run.stdout)

    def test_transformers_loads_what_is_written(self):
        """A full fine-tuning's export: the same losses as before in transformers."""
        self.assertEqual(set(make_models.CLASSES), set(make_models.FAMILIES))
        for family, make in make_models.CLASSES.items():
            with self.subTest(family=family), tempfile.TemporaryDirectory() as directory:
                source = os.path.join(eida.ROOT, "tests/golden/models", family)
                job = {"format": "eida/job/v1", "slot": {"device": "cpu", "threads": 1}, "jobs": [{
                    "job": 1, "kind": "export", "name": "export", "out": directory,
                    "spec": {"model": {"digest": family, "architecture": family, "labels": 3}, "format": "hf"},
                    "inputs": {"weights": os.path.join(source, "model.safetensors"),
                               **{f"model/{f}": os.path.join(source, f) for f in ("config.json", "tokenizer.json", "model.safetensors")}}}]}
                path = os.path.join(directory, "job.json")
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(job, file)
                subprocess.run([os.path.join(eida.BIN, "eida-runner"), path, "--log-level", "warn"], check=True, stdout=subprocess.DEVNULL)
                model, info = make.from_pretrained(directory, dtype=torch.float32, output_loading_info=True)
                self.assertEqual([list(info[k]) for k in ("missing_keys", "unexpected_keys", "mismatched_keys")], [[], [], []])
                numbers = load_file(os.path.join(source, "numbers.safetensors"))
                again = make_models.compute(model.eval(), 0)
                for name in ("logits", "loss", "smoothed"):
                    limits.check(self, "export logits", eida.largest(again[name], numbers[name]), f"{family} {name}")


if __name__ == "__main__":
    unittest.main()
