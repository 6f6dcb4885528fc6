"""Writes tests/golden/peft: LoRA adapters as PEFT saves them, for the models of tests/golden/models, and the logits that PEFT's
model has with them, for tests/unit/engine/peft_test.cc.

    tests/parity/run.sh make_peft.py [DIR [SEED]]     another directory and other weights (test_peft.py does that)
"""

import json
import os
import shutil
import sys

import peft
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

import eida
import make_models

QUERY = {"bart": ["q_proj"], "bert": ["query"], "gpt2": ["c_attn"], "mbart": ["q_proj"], "roberta": ["query"]}
ATTENTION = {"bart": ["q_proj", "v_proj", "out_proj"], "bert": ["query", "value", "attention.output.dense"], "gpt2": ["c_attn", "c_proj"],
             "mbart": ["q_proj", "v_proj", "out_proj"], "roberta": ["query", "value", "attention.output.dense"]}
NORM = {"bart": "final_layer_norm", "bert": "output.LayerNorm", "gpt2": "ln_f", "mbart": "decoder.layer_norm", "roberta": "embeddings.LayerNorm"}
# One regular expression: the second layer's feed-forward maps.
FEED_FORWARD = {"bart": r".*\.layers\.1\.fc[12]", "bert": r".*layer\.1\.(?:intermediate|output)\.dense", "gpt2": r".+\.h\.1\.mlp\.c_(fc|proj)",
                "mbart": r".*(en|de)coder\.layers\.1\.fc\d", "roberta": r"roberta\.encoder\.layer\.[1-9]\.(?!attention).*dense"}
TASK = {"bart": "SEQ_2_SEQ_LM", "bert": "SEQ_CLS", "gpt2": "CAUSAL_LM", "mbart": "SEQ_2_SEQ_LM", "roberta": "SEQ_CLS"}


def configs(family):
    """The adapters by name, as arguments of LoraConfig."""
    plain = {"r": 2, "lora_alpha": 3, "task_type": TASK[family], "fan_in_fan_out": family == "gpt2"}
    layer = "h" if family == "gpt2" else "layer" if family.endswith("bert") or family == "roberta" else "layers"
    last = ATTENTION[family][-1]
    return {
        "plain": {**plain, "target_modules": QUERY[family], "lora_dropout": 0.1},
        # The second pattern means the first's modules too: the first holds.
        "patterns": {**plain, "target_modules": ATTENTION[family], "use_rslora": True,
                     "rank_pattern": {rf"{layer}\.0\..*": 3, last: 1}, "alpha_pattern": {last: 7, rf".*{layer}\.[01].*": 0.5}},
        "whole": {**plain, "target_modules": ATTENTION[family], "modules_to_save": [NORM[family]], "bias": "all"},
        "own_biases": {**plain, "target_modules": FEED_FORWARD[family], "bias": "lora_only", "exclude_modules": ["c_proj", "fc2"]},
        "everything": {**plain, "target_modules": "all-linear", "layers_to_transform": None, "init_lora_weights": "gaussian"},
        "one_layer": {**plain, "target_modules": ATTENTION[family], "layers_to_transform": [1], "layers_pattern": layer},
        "no_task": {**plain, "target_modules": QUERY[family], "task_type": None},
    }


def randomise(model):
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.requires_grad:
                p.add_(torch.randn_like(p) * (0.15 if "lora_" in name else 0.1))
    return model.eval()


def keep_order(path, settings):
    """PEFT sorts what it saves, and reads patterns in the file's order."""
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    for key in ("rank_pattern", "alpha_pattern"):
        config[key] = settings.get(key, {})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=1)


def write(directory, seed=0, models=None):
    for number, family in enumerate(make_models.FAMILIES):
        source = os.path.join(models or os.path.join(eida.ROOT, "tests/golden/models"), family)
        numbers = load_file(os.path.join(source, "numbers.safetensors"))
        for at, (name, settings) in enumerate(configs(family).items()):
            torch.manual_seed(1000 * seed + 10 * number + at)
            out = os.path.join(directory, family, name)
            os.makedirs(out)
            model = randomise(get_peft_model(make_models.load(family, source), LoraConfig(**settings)))
            model.peft_config["default"].base_model_name_or_path = family
            model.save_pretrained(out)
            for extra in set(os.listdir(out)) - {"adapter_config.json", "adapter_model.safetensors"}:
                os.remove(os.path.join(out, extra))
            keep_order(os.path.join(out, "adapter_config.json"), settings)
            # As everybody else reads it: from the files.
            model = PeftModel.from_pretrained(make_models.load(family, source), out).eval()
            save_file({"logits": make_models.logits_of(model, numbers)}, os.path.join(out, "numbers.safetensors"),
                      metadata={"made_by": f"tests/parity/make_peft.py, peft {peft.__version__}"})
            for file in os.listdir(out):
                os.chmod(os.path.join(out, file), 0o644)


if __name__ == "__main__":
    OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(eida.ROOT, "tests/golden/peft")
    shutil.rmtree(OUT, ignore_errors=True)
    write(OUT, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
