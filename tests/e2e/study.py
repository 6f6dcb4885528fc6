"""A study that takes seconds: a BERT of two small layers, reviews that it can learn, 2 variants x 2 seeds."""

import json
import os
import random

import safetensors

HIDDEN, INNER, LAYERS, POSITIONS = 16, 32, 2, 32
PRAISE = ["good", "great", "fine", "bright", "warm", "clever"]
BLAME = ["bad", "poor", "dull", "cold", "weak", "tired"]
FILLER = ["a", "the", "film", "with", "and", "story", "very", "plot", "of", "cast", "long", "it"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ",", "."] + PRAISE + BLAME + FILLER + ["##ly", "##s"]

SWEEP = """\
apiVersion: eida/v1
kind: Sweep
name: tiny
model:
  path: model
  head: {classification: {labels: 2}}
data:
  task: classification
  format: tsv
  columns: {text: text, label: label}
  max_length: 16
  splits:
    train: reviews.tsv
    select: {from: train, items: 48, seed: 0}
    report: {from: train, items: 64, seed: 1}
seeds: [0, 1]
train:
  epochs: 8
  batch_size: 16
  schedule: {name: linear, warmup_ratio: 0.1}
  precision: fp32
variants:
  - name: full
    adapter: {type: none}
    train: {lr: 3.0e-3}
  - name: "lora-r{adapter.r}"
    adapter: {type: lora, alpha: 4r, targets: [query, value]}
    train: {lr: 1.0e-2}
    grid: {adapter.r: [2]}
eval: {metric: accuracy, goal: maximize, split: select, report: report}
checkpoint: {every: {steps: 8}, keep: [last]}
analyses:
  - {name: cka, type: cka, split: select, samples: 32, layers: [last]}
  - {name: gap, type: convexity_gap, split: select, alphas: 5}
  - {name: barrier, type: barrier, split: select, alphas: 5}
soups:
  - {name: greedy, type: greedy, split: select, report: report}
  - {name: uniform, type: uniform, select: "variant~lora-*", split: select, report: report}
"""
RUNS = ["full/seed0", "full/seed1", "lora-r2/seed0", "lora-r2/seed1"]


def config():
    return {"architectures": ["BertModel"], "model_type": "bert", "attention_probs_dropout_prob": 0.1,
            "hidden_dropout_prob": 0.1, "hidden_act": "gelu", "hidden_size": HIDDEN, "initializer_range": 0.02,
            "intermediate_size": INNER, "layer_norm_eps": 1e-12, "max_position_embeddings": POSITIONS,
            "num_attention_heads": 2, "num_hidden_layers": LAYERS, "pad_token_id": 0,
            "position_embedding_type": "absolute", "type_vocab_size": 2, "vocab_size": len(VOCABULARY)}


def tokenizer():
    def special(token):
        return {"id": token, "ids": [VOCABULARY.index(token)], "tokens": [token]}

    def token(name):
        return {"SpecialToken": {"id": name, "type_id": 0}}

    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [{"id": i, "special": True, "content": VOCABULARY[i], "single_word": False, "lstrip": False,
                              "rstrip": False, "normalized": False} for i in range(5)],
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                           "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing",
                               "single": [token("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, token("[SEP]")],
                               "pair": [token("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, token("[SEP]"),
                                        {"Sequence": {"id": "B", "type_id": 1}},
                                        {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
                               "special_tokens": {"[CLS]": special("[CLS]"), "[SEP]": special("[SEP]")}},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100, "vocab": {word: i for i, word in enumerate(VOCABULARY)}}}


def weights():
    rng, tensors = random.Random(5), {}

    def normal(name, *shape, scale=0.1):
        count = 1
        for size in shape:
            count *= size
        tensors[name] = (shape, [rng.gauss(0, scale) for _ in range(count)])

    def linear(name, inputs, outputs):
        normal(name + ".weight", outputs, inputs)
        normal(name + ".bias", outputs, scale=0.02)

    def norm(name):
        tensors[name + ".weight"] = ((HIDDEN,), [1.0] * HIDDEN)
        tensors[name + ".bias"] = ((HIDDEN,), [0.0] * HIDDEN)

    for name, rows in (("word", len(VOCABULARY)), ("position", POSITIONS), ("token_type", 2)):
        normal(f"embeddings.{name}_embeddings.weight", rows, HIDDEN)
    norm("embeddings.LayerNorm")
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for part in ("query", "key", "value"):
            linear(prefix + "attention.self." + part, HIDDEN, HIDDEN)
        linear(prefix + "attention.output.dense", HIDDEN, HIDDEN)
        norm(prefix + "attention.output.LayerNorm")
        linear(prefix + "intermediate.dense", HIDDEN, INNER)
        linear(prefix + "output.dense", INNER, HIDDEN)
        norm(prefix + "output.LayerNorm")
    linear("pooler.dense", HIDDEN, HIDDEN)
    return tensors


def reviews(rows=304):
    """Every row has one word of praise or of blame among words that say nothing."""
    rng, lines = random.Random(17), ["text\tlabel"]
    for _ in range(rows):
        praise = rng.random() < 0.5
        words = [rng.choice(FILLER) for _ in range(rng.randint(2, 9))]
        words.insert(rng.randint(0, len(words)), rng.choice(PRAISE if praise else BLAME))
        lines.append(" ".join(words) + f"\t{int(praise)}")
    return "\n".join(lines) + "\n"


def write_model(directory):
    os.makedirs(directory)
    for name, content in (("config.json", config()), ("tokenizer.json", tokenizer())):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            json.dump(content, file)
    safetensors.write(os.path.join(directory, "model.safetensors"), weights())


def write(directory):
    """The whole study in `directory`; the path of its sweep file."""
    write_model(os.path.join(directory, "model"))
    for name, content in (("reviews.tsv", reviews()), ("sweep.yaml", SWEEP)):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(content)
    return os.path.join(directory, "sweep.yaml")
