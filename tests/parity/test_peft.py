"""Adapters between Eida and PEFT, both ways, on tiny random models of every family: what Eida writes gives the same logits in
PeftModel, and what PEFT writes the same logits in Eida."""

import os
import subprocess
import tempfile
import unittest

from peft import PeftModel
from safetensors.torch import load_file

import eida
import limits
import make_models
import make_peft

BUILD = os.path.dirname(eida.BIN)
SUITE = os.path.join(BUILD, "tests/eida_engine_test")
SIZES = [{"hidden_size": 12, "num_attention_heads": 4, "intermediate_size": 7}, {"hidden_size": 40, "num_hidden_layers": 3}]
# Every form of LoRA, and the adapters that are LoRAs when they are written.
WRITTEN = {"eida", "eva", "lora", "lora_all_biases", "lora_everything", "lora_frozen_head", "lora_modules", "lora_own_biases",
           "lora_parts_and_others", "lora_patterns", "lora_rslora", "lora_sb", "lora_scale", "lora_xs"}


def run_suite(tests, **environment):
    subprocess.run(["ninja", "-C", BUILD, "eida_engine_test"], check=True, stdout=subprocess.DEVNULL)
    run = subprocess.run([SUITE, f"--gtest_filter={tests}"], env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if run.returncode != 0 or "[  PASSED  ]" not in run.stdout:
        raise AssertionError(run.stdout[-4000:])


class PeftTest(unittest.TestCase):
    def test_what_eida_writes(self):
        with tempfile.TemporaryDirectory() as directory:
            run_suite("*AsAPeftAdapterItIsTheSameFunction*", EIDA_PEFT_DIR=directory)
            for family in make_models.FAMILIES:
                written = WRITTEN | ({"eida_freeze_code"} if family == "gpt2" else set())
                self.assertEqual(set(os.listdir(os.path.join(directory, family))), written)
                source = os.path.join(eida.ROOT, "tests/golden/models", family)
                numbers = load_file(os.path.join(source, "numbers.safetensors"))
                for name in sorted(written):
                    adapter = os.path.join(directory, family, name)
                    with self.subTest(family=family, adapter=name):
                        model = PeftModel.from_pretrained(make_models.load(family, source), adapter).eval()
                        expected = load_file(os.path.join(adapter, "logits.safetensors"))["logits"]
                        limits.check(self, "export logits", eida.largest(make_models.logits_of(model, numbers), expected), f"{family} {name}")
                        self.assertGreater(eida.largest(numbers["logits"], expected), 0.01, "the adapter changes the model")
                        self.saved_again(model, adapter)

    def test_what_peft_writes(self):
        """tests/unit/engine/peft_test.cc on adapters that PEFT writes now, for models of other sizes."""
        for seed, sizes in enumerate(SIZES, start=1):
            with self.subTest(**sizes), tempfile.TemporaryDirectory() as models, tempfile.TemporaryDirectory() as adapters:
                make_models.write(models, seed, **sizes)
                make_peft.write(adapters, seed, models)
                run_suite("*EveryPeftAdapter*", EIDA_GOLDEN_MODELS=models, EIDA_GOLDEN_PEFT=adapters)

    def saved_again(self, model, adapter):
        """PEFT took every tensor, and knows of no other."""
        with tempfile.TemporaryDirectory() as again:
            model.save_pretrained(again)
            ours, theirs = (load_file(os.path.join(d, "adapter_model.safetensors")) for d in (adapter, again))
        self.assertEqual(set(ours), {name for name in theirs if ".original_module." not in name and ".modules_to_save." not in name})
        for name, tensor in ours.items():
            self.assertTrue(tensor.equal(theirs[name]), name)


if __name__ == "__main__":
    unittest.main()
