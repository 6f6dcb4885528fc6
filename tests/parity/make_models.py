"""Writes tests/golden/models: a tiny random model of every family of common/catalog/models.def, and what transformers computes
with it, for tests/unit/engine/models_test.cc.

    tests/parity/run.sh make_models.py [DIR [SEED]]     another directory, other sizes and weights (test_models.py does that)
"""

import collections
import json
import os
import shutil
import sys

import tokenizers
import torch
import transformers
from safetensors.torch import save_file

import eida

transformers.utils.logging.disable_progress_bar()
LENGTHS = [[3, 9, 1, 6, 12], [5, 2, 7, 4, 8]]  # of the items, and of what a decoder reads
SMOOTHING = 0.1
VOCABULARY = 30


def bert(sizes):
    config = transformers.BertConfig(vocab_size=VOCABULARY, max_position_embeddings=16, num_labels=3, **sizes)
    return transformers.BertForSequenceClassification(config)


def roberta(sizes):
    config = transformers.RobertaConfig(vocab_size=VOCABULARY, max_position_embeddings=18, type_vocab_size=1, num_labels=3,
                                        layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2, **sizes)
    return transformers.RobertaForSequenceClassification(config)


def gpt2(sizes):
    config = transformers.GPT2Config(vocab_size=VOCABULARY, n_positions=16, n_embd=sizes["hidden_size"],
                                     n_layer=sizes["num_hidden_layers"], n_head=sizes["num_attention_heads"],
                                     n_inner=sizes["intermediate_size"], bos_token_id=2, eos_token_id=2)
    return transformers.GPT2LMHeadModel(config)


def stacks(sizes):
    heads, inner, layers = sizes["num_attention_heads"], sizes["intermediate_size"], sizes["num_hidden_layers"]
    return {"vocab_size": VOCABULARY, "max_position_embeddings": 16, "d_model": sizes["hidden_size"], "encoder_layers": layers,
            "decoder_layers": layers, "encoder_attention_heads": heads, "decoder_attention_heads": heads,
            "encoder_ffn_dim": inner, "decoder_ffn_dim": inner, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}


def bart(sizes):
    return transformers.BartForConditionalGeneration(transformers.BartConfig(**stacks(sizes)))


def mbart(sizes):
    return transformers.MBartForConditionalGeneration(transformers.MBartConfig(**stacks(sizes), scale_embedding=True))


FAMILIES = {"bart": bart, "bert": bert, "gpt2": gpt2, "mbart": mbart, "roberta": roberta}
CLASSES = {"bart": transformers.BartForConditionalGeneration, "bert": transformers.BertForSequenceClassification,
           "gpt2": transformers.GPT2LMHeadModel, "mbart": transformers.MBartForConditionalGeneration,
           "roberta": transformers.RobertaForSequenceClassification}


def load(family, directory):
    return CLASSES[family].from_pretrained(directory, dtype=torch.float32).eval()


def randomise(model):
    """Weights far larger than at initialisation, norms and biases too: nothing may hide behind a zero or a one."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            norm = "norm" in name.lower() or ".ln_" in name
            p.copy_((1.0 if norm and name.endswith("weight") else 0.0) + torch.randn_like(p) * (0.2 if p.dim() < 2 else 0.25))
        if hasattr(model, "final_logits_bias"):
            model.final_logits_bias.copy_(torch.randn_like(model.final_logits_bias) * 0.3)
    # transformers zeroes the padding token's row where it makes an embedding, and then leaves it to training: so do we.
    return model.eval()


def write_tokenizer(directory):
    vocabulary = {f"w{i}": i for i in range(VOCABULARY)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="w3"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(os.path.join(directory, "tokenizer.json"), pretty=False)


def padded(rows, value):
    longest = max(len(r) for r in rows)
    return torch.tensor([list(r) + [value] * (longest - len(r)) for r in rows])


def sequences(generator, lengths):
    return [torch.randint(4, VOCABULARY, (n,), generator=generator).tolist() for n in lengths]


def inputs_of(model, numbers):
    """The items of `numbers` in one padded batch; which of its tokens are items' own, of the encoder and of what predicts."""
    pad = model.config.pad_token_id if model.config.pad_token_id is not None else 0
    rows = [ids.tolist() for ids in numbers["ids"].split(numbers["lengths"].tolist())]
    inputs = {"input_ids": padded(rows, pad), "attention_mask": padded([[1] * len(r) for r in rows], 0)}
    if "decoder.ids" in numbers:
        rows = [ids.tolist() for ids in numbers["decoder.ids"].split(numbers["decoder.lengths"].tolist())]
        inputs |= {"decoder_input_ids": padded(rows, pad), "decoder_attention_mask": padded([[1] * len(r) for r in rows], 0)}
    mask = inputs["attention_mask"]
    return inputs, mask.bool(), inputs.get("decoder_attention_mask", mask).bool()


def logits_of(model, numbers):
    """Of each item of `numbers`, or of each row that a language model predicts."""
    inputs, _, predicted = inputs_of(model, numbers)
    with torch.no_grad():
        logits = model(**inputs).logits
    return (logits[predicted] if "targets" in numbers else logits).contiguous()


def generates(model):
    return "SequenceClassification" not in model.config.architectures[0]


def smoothed(logits, labels, smoothing):
    logs = torch.log_softmax(logits.double(), -1)
    return -(1 - smoothing) * logs.gather(-1, labels.unsqueeze(-1)).squeeze(-1) - smoothing * logs.mean(-1)


def compute(model, seed):
    """Token ids, and what transformers makes of them in one padded batch, at the real tokens."""
    generator = torch.Generator().manual_seed(seed)
    ids = sequences(generator, LENGTHS[0])
    tensors = {"ids": torch.tensor(sum(ids, [])), "lengths": torch.tensor(LENGTHS[0])}
    decodes = model.config.is_encoder_decoder
    if decodes:
        decoder = sequences(generator, LENGTHS[1])
        tensors |= {"decoder.ids": torch.tensor(sum(decoder, [])), "decoder.lengths": torch.tensor(LENGTHS[1])}
    inputs, mask, predicted = inputs_of(model, tensors)
    out = model(**inputs, output_hidden_states=True)
    if generates(model):
        # Some rows have no label, as a prompt's tokens.
        targets = torch.randint(0, VOCABULARY, predicted.shape, generator=generator)
        targets[torch.rand(predicted.shape, generator=generator) < 0.3] = -100
        targets[:, 0] = 7
        targets[~predicted] = -100
        counted = targets >= 0
        losses = {s: torch.where(counted, smoothed(out.logits, targets.clamp_min(0), s), 0.0).sum(1) for s in (0.0, SMOOTHING)}
        tensors |= {"targets": targets[predicted], "logits": out.logits[predicted], "count": counted.sum(1).float()}
    else:
        labels = torch.tensor([0, 2, 1, 1, 0])
        losses = {s: smoothed(out.logits, labels, s) for s in (0.0, SMOOTHING)}
        tensors |= {"labels": labels, "logits": out.logits}
    tensors |= {"loss": losses[0.0].float(), "smoothed": losses[SMOOTHING].float()}
    stacks_of = {"": (out.hidden_states, mask)} if not decodes else {
        "encoder.": (out.encoder_hidden_states, mask), "decoder.": (out.decoder_hidden_states, predicted)}
    for prefix, (states, keep) in stacks_of.items():
        for k, state in enumerate(states):
            tensors[f"hidden.{prefix}" + ("embeddings" if k == 0 else f"layer.{k - 1}")] = state[keep]
    model.zero_grad()
    losses[SMOOTHING].sum().backward()
    tensors |= {"grad." + n: p.grad for n, p in model.named_parameters()}
    return {k: v.detach().contiguous().clone() for k, v in tensors.items()}


def searches(end, encodes):
    """Settings of generation, by transformers' names: what each of them changes, alone and together. `end`: an end token."""
    beams = [{"num_beams": n, "early_stopping": early, "length_penalty": penalty, "no_repeat_ngram_size": 2}
             for n in (2, 4, 10) for early in (False, True, "never") for penalty in (1.0, 0.0, 2.0, -0.5)]
    cases = [{"num_beams": 1}, {"num_beams": 1, "no_repeat_ngram_size": 2}, {"num_beams": 1, "min_new_tokens": 3, "no_repeat_ngram_size": 2},
             *beams, {"num_beams": 4}, {"num_beams": 3, "no_repeat_ngram_size": 1}, {"num_beams": 2, "max_length": None, "max_new_tokens": 1},
             {"num_beams": 3, "no_repeat_ngram_size": 3, "length_penalty": 0.8}, {"num_beams": 3, "eos_token_id": None},
             {"num_beams": 4, "min_new_tokens": 4, "early_stopping": True, "no_repeat_ngram_size": 2},
             {"num_beams": 3, "eos_token_id": [2, 7, end], "no_repeat_ngram_size": 2},
             {"num_beams": 3, "forced_eos_token_id": 2}, {"num_beams": 1, "forced_eos_token_id": 9}]
    if encodes:
        cases += [{"num_beams": 1, "forced_bos_token_id": 5}, {"num_beams": 4, "forced_bos_token_id": 5, "early_stopping": True}]
    return [{"eos_token_id": end, "max_length": 15, **case} for case in cases]


def generate_alone(model, ids, options):
    """The new tokens of one item, and their score where transformers gives one."""
    model.generation_config = transformers.GenerationConfig(**options, pad_token_id=1, decoder_start_token_id=2, do_sample=False)
    made = model.generate(input_ids=ids.unsqueeze(0), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                          return_dict_in_generate=True, output_scores=True)
    text = made.sequences[0, 1 if model.config.is_encoder_decoder else len(ids):].tolist()
    return text, float(made.sequences_scores[0]) if options["num_beams"] > 1 else None


def generate(model, numbers):
    """For each of the searches: every item's text and score."""
    rows = numbers["ids"].split(numbers["lengths"].tolist())
    # What the model likes to say, so that texts of all lengths come to an end.
    liked = [generate_alone(model, ids, {"num_beams": 1, "max_length": 15, "no_repeat_ngram_size": 2})[0][1:] for ids in rows]
    end = collections.Counter(sum(liked, [])).most_common(3)[-1][0]
    for options in searches(end, model.config.is_encoder_decoder):
        made = [generate_alone(model, ids, options) for ids in rows]
        yield {"options": options, "texts": [text for text, _ in made], "scores": [score for _, score in made]}


def write_searches(directory, model, numbers):
    with open(os.path.join(directory, "generate.json"), "w", encoding="utf-8") as file:
        for case in generate(model, numbers):
            file.write(json.dumps(case) + "\n")


def write(directory, seed=0, **changes):
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 20, **changes}
    for number, (name, make) in enumerate(FAMILIES.items()):
        torch.manual_seed(100 * seed + number)
        out = os.path.join(directory, name)
        os.makedirs(out)
        model = randomise(make(sizes))
        model.save_pretrained(out)
        write_tokenizer(out)
        for extra in os.listdir(out):
            if extra not in ("config.json", "tokenizer.json", "model.safetensors"):
                os.remove(os.path.join(out, extra))
        numbers = compute(model, seed)
        save_file(numbers, os.path.join(out, "numbers.safetensors"),
                  metadata={"made_by": "tests/parity/make_models.py", "transformers": transformers.__version__})
        if generates(model):
            write_searches(out, model, numbers)
        for file in os.listdir(out):
            os.chmod(os.path.join(out, file), 0o644)


if __name__ == "__main__":
    OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(eida.ROOT, "tests/golden/models")
    shutil.rmtree(OUT, ignore_errors=True)
    write(OUT, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(json.dumps({name: sum(os.path.getsize(os.path.join(OUT, name, f)) for f in os.listdir(os.path.join(OUT, name)))
                      for name in FAMILIES}))
