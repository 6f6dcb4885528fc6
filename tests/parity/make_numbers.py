#!/usr/bin/env python3
"""Makes tests/golden/transformers: a tiny BERT, its data, and what transformers and PEFT compute on them.

    tests/parity/run.sh make_numbers.py

`make test` reads the numbers without Python (tests/unit/engine/numbers_test.cc). The initial values and the order of a training
are Eida's own (a traced run), since they come out of Eida's generator; everything else is the peers'. Run it again when the
tiny model or a setting here changes, never to make a test pass.
"""

import json
import os
import random
import shutil

import tokenizers
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file

import eida
import peer

OUT = os.path.join(eida.ROOT, "tests/golden/transformers")
WORDS = ("good fine great warm bad dull poor cold film story actor scene plot the a is was very and not so of in it but ##ly ##s "
         ", . ! '").split()
CONFIG = {"vocab_size": 4 + len(WORDS), "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 40,
          "max_position_embeddings": 40, "type_vocab_size": 2, "initializer_range": 0.15, "pad_token_id": 0}
OPTIMIZER = {"name": "adamw", "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.1}
COMMON = {"epochs": 3, "batch_size": 4, "grad_accum": 2, "precision": "fp32", "grad_clip": 0.7, "dropout": 0.0, "trace": True,
          "optimizer": OPTIMIZER, "schedule": {"name": "linear", "warmup_steps": 3}}
TRAININGS = {  # three epochs each
    "full": {"seed": 4, "adapter": {"type": "none"}, "train": {**COMMON, "lr": 1e-3, "batching": "bucketed"}},
    "lora": {"seed": 5, "adapter": {"type": "lora", "r": 3, "alpha": 6, "dropout": 0, "targets": ["query", "value", "fc1"],
                                    "bias": "none"},
             "train": {**COMMON, "lr": 1e-2, "batching": "padded"}},
}
LORA = {"type": "lora", "r": 2, "alpha": 8, "dropout": 0, "targets": ["query", "value"], "bias": "none"}
PLAIN = {k: v for k, v in COMMON.items() if k not in ("batch_size", "optimizer", "schedule")}
# The settings of the En-Ro runs at this size: Adam, polynomial decay, smoothed labels, batches of so many padded tokens.
TRAININGS["adam"] = {"seed": 6, "adapter": LORA, "train": {
    **PLAIN, "lr": 1e-2, "batching": "padded", "batch_tokens": 70, "label_smoothing": 0.1,
    "optimizer": {"name": "adam", "betas": [0.9, 0.98], "eps": 1e-6, "weight_decay": 0.01},
    "schedule": {"name": "polynomial", "warmup_steps": 2, "power": 2.0, "lr_end": 1e-4}}}
TRAININGS["cosine"] = {"seed": 7, "adapter": LORA, "train": {
    **PLAIN, "lr": 1e-2, "batching": "bucketed", "batch_size": 4, "normalise": "micro_batch", "grad_accum": 3, "optimizer": OPTIMIZER,
    "schedule": {"name": "cosine", "warmup_ratio": 0.2, "cycles": 0.5}}}
# EIDA's cycles: optimizer, warm-up and decay start afresh with each epoch.
TRAININGS["restart"] = {"seed": 8, "adapter": LORA, "train": {
    **PLAIN, "lr": 1e-2, "batching": "packed", "batch_tokens": 36, "grad_accum": 1, "gradient_checkpointing": True, "optimizer": OPTIMIZER,
    "schedule": {"name": "linear", "warmup_ratio": 0.3, "restart": "epoch"}}}
ITEMS, SELECT, MAX_LENGTH = 46, 16, 24  # 30 items train: 8 micro-batches and 4 steps an epoch, the last ones short


def write_tokenizer(directory):
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    made.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    made.save(os.path.join(directory, "tokenizer.json"))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
                                                sep_token="[SEP]")


def write_model(directory):
    """A random encoder without a head; every bias and norm is random too, so that none can be left out unnoticed."""
    torch.manual_seed(1)
    config = transformers.BertConfig(**CONFIG)
    model = transformers.BertModel(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") or "LayerNorm" in name:
                parameter.add_(0.1 * torch.randn_like(parameter))
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, os.path.join(directory, "model.safetensors"),
              metadata={"format": "pt"})
    with open(os.path.join(directory, "config.json"), "w", encoding="utf-8") as file:
        json.dump({"model_type": "bert", "architectures": ["BertModel"], "hidden_act": "gelu", "layer_norm_eps": 1e-12,
                   "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, **CONFIG}, file, indent=1)


def write_rows(path):
    """Label 1 = the first telling word is kind. Capitals, punctuation, word pieces and an unknown word are among the texts."""
    draw = random.Random(2)
    rows = []
    for _ in range(ITEMS):
        kind = draw.random() < 0.5
        words = [draw.choice(WORDS[:4] if kind else WORDS[4:8])] + draw.choices(WORDS[8:25], k=draw.randrange(1, 26))
        words[0] = draw.choice([words[0], words[0].capitalize(), words[0] + "ly"])
        if draw.random() < 0.3:
            words.insert(draw.randrange(len(words)), draw.choice(["zebra", "films", "it's", "SO"]))
        rows.append((" ".join(words) + draw.choice(["", ".", "!", " , but not so"]), int(kind)))
    with open(path, "w", encoding="utf-8") as file:
        file.write("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows))
    return rows


def classifier():
    model = transformers.BertForSequenceClassification.from_pretrained(OUT, num_labels=2, dtype=torch.float32)
    return model.eval()


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    os.makedirs(OUT)
    tokenizer = write_tokenizer(OUT)
    write_model(OUT)
    rows = write_rows(os.path.join(OUT, "rows.tsv"))
    items = peer.Items(tokenizer, rows, MAX_LENGTH)

    bench = eida.Bench(model=OUT)
    data = {"task": "classification", "format": "tsv", "columns": {"text": "text", "label": "label"}, "max_length": MAX_LENGTH,
            "limit": {}, "splits": [{"name": "train", "digest": "rows"},
                                    {"name": "select", "from": "train", "items": SELECT, "seed": 3}]}
    bench.data, bench.files["data/train"] = data, os.path.join(OUT, "rows.tsv")

    torch.manual_seed(6)
    model = classifier()
    with torch.no_grad():
        model.classifier.weight.mul_(4)
        model.classifier.bias.add_(0.1)
    tensors = {f"head.{k}": v for k, v in model.state_dict().items() if k.startswith("classifier.")}
    numbers = list(range(8))
    encoded, labels = items.batch(numbers)
    keep = encoded["attention_mask"].bool()
    with torch.no_grad():
        out = model(**encoded, output_hidden_states=True)
    tensors |= {"ids": encoded["input_ids"][keep], "lengths": keep.sum(1), "logits": out.logits,
                "loss": torch.nn.functional.cross_entropy(out.logits, labels, reduction="none")}
    for name, state in zip(["embeddings", "layer.0", "layer.1"], out.hidden_states, strict=True):
        tensors["hidden." + name] = state[keep]

    for name, spec in TRAININGS.items():
        result = bench.run("train", {"eval": {"every": None}, "checkpoint": {"every": None, "keep": ["last"]}, **spec})
        adapter, train = spec["adapter"], spec["train"]
        trace = eida.Trace(result, train["grad_accum"], ITEMS - SELECT)
        model, name_of = classifier(), lambda n: n
        if adapter["type"] == "lora":
            modules = [{"fc1": "intermediate.dense"}.get(t, t) for t in adapter["targets"]]
            model = get_peft_model(model, LoraConfig(r=adapter["r"], lora_alpha=adapter["alpha"], lora_dropout=0.0, task_type="SEQ_CLS",
                                                     target_modules=modules))
            name_of = peer.peft_name
        named = peer.trainable(model, trace.init, name_of)
        restarts = train["schedule"].get("restart") == "epoch"
        losses, norms = peer.train(model, items, trace.updates, named, train, trace.cycles if restarts else None)
        assert len(losses) == len(trace.loss) and len(trace.cycles) == 3 and any(n > train["grad_clip"] for n in norms)
        assert "batch_tokens" not in train or len(set(trace.cycles)) > 1, "epochs should differ in their updates"
        worst = float(((trace.loss - losses) / losses).abs().max())
        apart = sorted((eida.largest(result.tensors("weights")[n], p.detach()), n) for n, p in named.items())
        print(f"{name}: losses {losses[0]:.3f} .. {losses[-1]:.3f}; Eida's differ by {worst:.1e} relative, its weights by", apart[-4:])
        fresh = {n for n in trace.init if "classifier" in n or "lora_A" in n}  # what Eida's generator draws
        tensors |= {f"{name}.init.{n}": trace.init[n] for n in fresh}
        tensors |= {f"{name}.items": torch.tensor([i for u in trace.updates for m in u for i in m]), f"{name}.loss": losses}
        tensors |= {f"{name}.final.{n}": p.detach() for n, p in named.items()}
    bench.close()
    save_file({k: v.contiguous() for k, v in tensors.items()}, os.path.join(OUT, "numbers.safetensors"),
              metadata={"made_by": "tests/parity/make_numbers.py", "transformers": transformers.__version__})
    with open(os.path.join(OUT, "jobs.json"), "w", encoding="utf-8") as file:
        json.dump({"data": data, **TRAININGS}, file, indent=1)
    for name in os.listdir(OUT):
        os.chmod(os.path.join(OUT, name), 0o644)
    print(f"{os.path.relpath(OUT, eida.ROOT)}: {sum(os.path.getsize(os.path.join(OUT, f)) for f in os.listdir(OUT))} bytes")


if __name__ == "__main__":
    main()
