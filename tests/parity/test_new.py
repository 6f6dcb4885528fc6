"""New models (the job kind new_model): transformers loads what is written, reads texts as Eida does, and computes what Eida computes."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

import torch
import transformers
from safetensors.torch import load_file, save_file

import eida
import make_models
import test_tokenizer
import texts

SIZES = {"vocabulary": 900, "layers": 2, "hidden": 24, "heads": 3, "intermediate": 40, "positions": 64}


def make(directory, family, seed=0, **changes):
    """A new model of the family in a folder of `directory`; its path."""
    out = os.path.join(directory, family)
    words = os.path.join(directory, "words.txt")
    with open(words, "w", encoding="utf-8") as file:
        file.write("\n".join(texts.TRAINING) + "\n")
    labels = {"labels": 3} if family in ("bert", "roberta") else {}
    job = {"format": "eida/job/v1", "jobs": [{
        "job": 1, "kind": "new_model", "name": family, "out": out, "inputs": {"text/0": words},
        "spec": {"family": family, "seed": seed, "sizes": {**SIZES, **labels, **changes}}}]}
    path = os.path.join(directory, family + ".json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(job, file)
    subprocess.run([os.path.join(eida.BIN, "eida-runner"), path, "--log-level", "warn"], check=True, stdout=subprocess.DEVNULL)
    return out


class NewTokenizersTest(test_tokenizer.FamiliesTest):
    """All that holds for small tokenizers that Python trained holds for those that Eida trains."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.mkdtemp(prefix="eida-parity-")
        cls.oracles = {path: transformers.AutoTokenizer.from_pretrained(path)
                       for path in (make(cls.scratch, family) for family in make_models.FAMILIES)}
        cls.fuzz = texts.fuzz(1000, seed=11)

    test_the_normaliser_of_sentencepiece_is_in_use = None  # of a tokenizer that SentencePiece made


class NewModelsTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="eida-parity-")
        self.addCleanup(shutil.rmtree, self.scratch)

    def test_transformers_computes_the_same_from_the_directory(self):
        """Losses, logits, hidden states, gradients and generated texts, by the contract suite of tests/unit/engine/models_test.cc: with
        weights far larger than a new model's, in its place."""
        for number, family in enumerate(make_models.FAMILIES):
            path = make(self.scratch, family)
            model, info = make_models.CLASSES[family].from_pretrained(path, dtype=torch.float32, output_loading_info=True)
            self.assertEqual([list(info[k]) for k in ("missing_keys", "unexpected_keys", "mismatched_keys")], [[], [], []], family)
            for name, tensor in load_file(os.path.join(path, "model.safetensors")).items():
                self.assertTrue(torch.equal(model.state_dict()[name], tensor), f"{family} {name}")
            torch.manual_seed(number)
            make_models.randomise(model)
            stored = load_file(os.path.join(path, "model.safetensors"))
            save_file({name: model.state_dict()[name].contiguous() for name in stored}, os.path.join(path, "model.safetensors"), {"format": "pt"})
            numbers = make_models.compute(model, number)
            save_file(numbers, os.path.join(path, "numbers.safetensors"))
            if make_models.generates(model):
                make_models.write_searches(path, model, numbers)
        build = os.path.dirname(eida.BIN)
        subprocess.run(["ninja", "-C", build, "eida_engine_test"], check=True, stdout=subprocess.DEVNULL)
        # What is left out names the sizes of the checked-in models.
        run = subprocess.run([os.path.join(build, "tests/eida_engine_test"), "--gtest_filter=*EveryModel*:*EveryGenerator*-*WhatDoesNotFitIsRefused*"],
                             env={**os.environ, "EIDA_GOLDEN_MODELS": self.scratch}, capture_output=True, text=True, check=False)
        said = [line for line in run.stdout.splitlines() if not line.startswith(("[ RUN", "[       OK"))]
        self.assertEqual(run.returncode, 0, "\n".join(said)[:4000])
        self.assertIn("[  PASSED  ]", run.stdout)

    def test_weights_spread_as_those_that_transformers_draws(self):
        for family, class_of in make_models.CLASSES.items():
            path = make(self.scratch, family, hidden=96, heads=4)
            ours = class_of.from_pretrained(path, dtype=torch.float32)
            torch.manual_seed(0)
            theirs = class_of(transformers.AutoConfig.from_pretrained(path))
            drawn = dict(theirs.named_parameters())
            for name, tensor in ours.named_parameters():
                # Four standard errors of the difference of two samples' deviations, and of their means.
                noise = 4 * 0.02 / tensor.numel() ** 0.5
                self.assertAlmostEqual(float(tensor.std(correction=0)), float(drawn[name].std(correction=0)), delta=noise, msg=f"{family} {name}")
                self.assertAlmostEqual(float(tensor.mean()), float(drawn[name].mean()), delta=1.5 * noise, msg=f"{family} {name}")
                if tensor.dim() == 2:
                    self.assertEqual((tensor == 0).all(1).nonzero().tolist(), (drawn[name] == 0).all(1).nonzero().tolist(), f"{family} {name}")

    def test_without_labels_it_is_a_base_model(self):
        for family, class_of in (("bert", transformers.BertModel), ("roberta", transformers.RobertaModel)):
            path = make(self.scratch, family, labels=0)
            model = transformers.AutoModel.from_pretrained(path)
            self.assertIsInstance(model, class_of)
            self.assertEqual(model.config.architectures, [class_of.__name__])


if __name__ == "__main__":
    unittest.main()
