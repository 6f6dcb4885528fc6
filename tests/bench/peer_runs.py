#!/usr/bin/env python3
"""What runs_bench.py compares with: one process a call, which prints one line of JSON.

    peer_runs.py lora MODEL ROWS TRACE PRECISION LENGTH THREADS    the batches of TRACE by a plain loop over a PEFT model
    peer_runs.py make_gpt2 DIR WIDTH LAYERS HEADS                  a GPT-2 of random weights and a tokenizer of words
    peer_runs.py generate DIR ROWS OPTIONS batched|alone THREADS   transformers' generate
"""

import json
import os
import sys
import time

import torch
import transformers

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
WORDS = 16000


def lora(model, rows, trace, precision, length, threads):
    from peft import LoraConfig, get_peft_model
    from safetensors.torch import load_file
    torch.set_num_threads(int(threads))
    with open(rows, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file][1:]
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    order = load_file(trace)
    batches = [items.tolist() for items in order["items"].split(order["batch_sizes"].tolist())]
    ids = tokenizer([text for text, *_ in lines], truncation=True, max_length=int(length))["input_ids"]
    base = transformers.BertForSequenceClassification.from_pretrained(model, num_labels=2, dtype=torch.float32)
    net = get_peft_model(base, LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, target_modules=["query", "value"], task_type="SEQ_CLS")).eval()
    trained = [p for p in net.parameters() if p.requires_grad]
    begin = time.perf_counter()
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.01)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, round(0.06 * len(batches)), len(batches))
    for items in batches:
        encoded = torch.nn.utils.rnn.pad_sequence([torch.tensor(ids[i]) for i in items], True)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = net(input_ids=encoded, attention_mask=(encoded != 0).long(), labels=torch.tensor([int(lines[i][1]) for i in items])).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    return {"seconds": time.perf_counter() - begin, "loss": float(loss.detach())}


def make_gpt2(directory, width, layers, heads):
    import tokenizers
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=WORDS, n_embd=int(width), n_layer=int(layers), n_head=int(heads), n_positions=128,
                                     bos_token_id=2, eos_token_id=2)
    model = transformers.GPT2LMHeadModel(config)
    with torch.no_grad():  # wide enough that texts differ
        for parameter in model.parameters():
            parameter.mul_(3.0)
    model.save_pretrained(directory)
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel({f"w{i}": i for i in range(WORDS)}, unk_token="w3"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(os.path.join(directory, "tokenizer.json"))
    with open(os.path.join(directory, "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump({"bos_token": "w2", "eos_token": "w2"}, file)
    return {"words": WORDS}


def generate(directory, rows, options, how, threads):
    torch.set_num_threads(int(threads))
    with open(rows, encoding="utf-8") as file:
        prompts = [[int(w[1:]) for w in line.split("||")[0].split()] + [2] for line in file]
    model = transformers.GPT2LMHeadModel.from_pretrained(directory, dtype=torch.float32).eval()
    model.generation_config = transformers.GenerationConfig(**json.loads(options), pad_token_id=0, do_sample=False)
    batches = [prompts] if how == "batched" else [[prompt] for prompt in prompts]
    texts, begin = [], time.perf_counter()
    for batch in batches:
        longest = max(map(len, batch))
        ids = torch.tensor([[0] * (longest - len(p)) + p for p in batch])
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in batch])
        texts += model.generate(input_ids=ids, attention_mask=mask)[:, longest:].tolist()
    return {"seconds": time.perf_counter() - begin, "texts": texts}


if __name__ == "__main__":
    print(json.dumps({"lora": lora, "make_gpt2": make_gpt2, "generate": generate}[sys.argv[1]](*sys.argv[2:])), flush=True)
