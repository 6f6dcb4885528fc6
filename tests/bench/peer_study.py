#!/usr/bin/env python3
"""The demo study with transformers and PEFT: same model, data, variants, seeds, steps and analyses as deploy/examples/demo.yaml.

Prints one JSON object with the seconds of each phase and what came out. By default it is written the way somebody does who
cares about speed: text is tokenised once, batches are padded to their longest item, evaluation goes in order of length,
AdamW is the fused one, end losses of a path are computed once per model, LoRA models are merged before they are evaluated.
--plain leaves out what scripts usually leave out: evaluation in file order, ends evaluated again for every pair, AdamW as
torch has it by default.

    .deps/parity-venv/bin/python tests/bench/peer_study.py [--plain] [--threads N] [--seeds 3] [--train 1024] [--epochs 2]
"""

import argparse
import json
import os
import random
import sys
import time

import numpy as np
import torch
import transformers
from peft import LoraConfig, get_peft_model

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VARIANTS = [("full", None, 2e-4), ("lora-r1", 1, 2e-3), ("lora-r8", 8, 2e-3), ("lora-r32", 32, 2e-3)]
SELECT, REPORT, CKA_ITEMS, PATH_ITEMS, POINTS, BATCH, EVAL_BATCH, MAX_LENGTH = 512, 1024, 512, 256, 11, 32, 64, 64


class Data:
    """Every row tokenised once; batches of item numbers, padded to their longest."""

    def __init__(self, model, path, train_items):
        tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        with open(path, encoding="utf-8") as file:
            rows = [line.rstrip("\n").split("\t") for line in file][1:]
        ids = tokenizer([r[0] for r in rows], truncation=True, max_length=MAX_LENGTH)["input_ids"]
        self.ids = [torch.tensor(i) for i in ids]
        self.labels = torch.tensor([int(r[1]) for r in rows])
        self.special = torch.tensor(tokenizer.all_special_ids)
        order = list(range(len(rows)))
        random.Random(0).shuffle(order)
        self.select, self.report = order[:SELECT], order[SELECT:SELECT + REPORT]
        self.train = order[SELECT + REPORT:SELECT + REPORT + train_items]

    def batch(self, items):
        ids = torch.nn.utils.rnn.pad_sequence([self.ids[i] for i in items], batch_first=True)
        return {"input_ids": ids, "attention_mask": (ids != 0).long()}, self.labels[items]

    def batches(self, items, by_length):
        positions = list(range(len(items)))
        if by_length:
            positions.sort(key=lambda p: -len(self.ids[items[p]]))
        for at in range(0, len(positions), EVAL_BATCH):
            chosen = positions[at:at + EVAL_BATCH]
            yield chosen, [items[p] for p in chosen]


class Study:
    def __init__(self, args):
        self.args = args
        self.data = Data(args.model, args.data, args.train)
        self.model = self.fresh(0)
        self.base = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.seconds = {}

    def fresh(self, seed):
        transformers.set_seed(seed)
        return transformers.AutoModelForSequenceClassification.from_pretrained(self.args.model, num_labels=2, dtype=torch.float32)

    def autocast(self):
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.args.precision == "bf16")

    def timed(self, phase, function, *args):
        began = time.perf_counter()
        out = function(*args)
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - began
        return out

    def train(self, rank, lr, seed):
        """One run; what it leaves is the tensors that differ from the base, merged."""
        model = self.fresh(seed)
        if rank:
            model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=4 * rank, target_modules=["query", "value"],
                                                     task_type="SEQ_CLS"))
        model.train()
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        decayed = [p for n, p in named if not n.endswith("bias") and "LayerNorm" not in n]
        others = [p for n, p in named if n.endswith("bias") or "LayerNorm" in n]
        optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.0}, {"params": others, "weight_decay": 0.0}],
                                      lr=lr, **({} if self.args.plain else {"fused": True}))
        per_epoch = -(-len(self.data.train) // BATCH)
        steps = self.args.epochs * per_epoch
        schedule = transformers.get_linear_schedule_with_warmup(optimizer, round(0.06 * steps), steps)
        shuffled = random.Random(seed)
        for _ in range(self.args.epochs):
            order = list(self.data.train)
            shuffled.shuffle(order)
            for at in range(0, len(order), BATCH):
                inputs, labels = self.data.batch(order[at:at + BATCH])
                with self.autocast():
                    logits = model(**inputs).logits
                torch.nn.functional.cross_entropy(logits.float(), labels).backward()
                torch.nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad(set_to_none=True)
        if rank:
            model = model.merge_and_unload()
        return {k: v.detach().clone() for k, v in model.state_dict().items() if not torch.equal(v, self.base[k])}

    def load(self, weights):
        self.model.load_state_dict({**self.base, **weights})
        self.model.eval()

    @torch.no_grad()
    def evaluate(self, weights, items):
        self.load(weights)
        logits = torch.empty(len(items), 2)
        for positions, chosen in self.data.batches(items, not self.args.plain):
            with self.autocast():
                logits[positions] = self.model(**self.data.batch(chosen)[0]).logits.float()
        return logits

    def loss(self, logits, items):
        return torch.nn.functional.cross_entropy(logits.double(), self.data.labels[items])

    def score(self, logits, items):
        return {"loss": float(self.loss(logits, items)),
                "accuracy": float((logits.argmax(1) == self.data.labels[items]).double().mean())}

    @torch.no_grad()
    def features(self, weights, items):
        self.load(weights)
        out = torch.empty(len(items), self.model.config.hidden_size)
        for positions, chosen in self.data.batches(items, not self.args.plain):
            inputs, _ = self.data.batch(chosen)
            keep = (~torch.isin(inputs["input_ids"], self.data.special)).unsqueeze(-1).float()
            with self.autocast():
                last = self.model.bert(**inputs).last_hidden_state.float()
            out[positions] = (last * keep).sum(1) / keep.sum(1)
        return out

    def mix(self, a, b, alpha):
        names = a.keys() | b.keys()
        return {n: alpha * a.get(n, self.base[n]) + (1 - alpha) * b.get(n, self.base[n]) for n in names}

    def cka(self, members):
        items = self.data.select[:CKA_ITEMS]
        grams = []
        for weights in members:
            x = self.features(weights, items).double().numpy()
            x -= x.mean(0)
            grams.append((x @ x.T).ravel())
        grams = np.stack([g / np.linalg.norm(g) for g in grams])
        return grams @ grams.T

    def gaps(self, members):
        items = self.data.select[:PATH_ITEMS]
        alphas = np.linspace(0, 1, POINTS)
        ends = {}

        def end(i):
            if self.args.plain or i not in ends:
                ends[i] = float(self.loss(self.evaluate(members[i], items), items))
            return ends[i]

        gaps = np.zeros((len(members), len(members)))
        for i in range(len(members)):
            for j in range(i + 1, len(members)):
                curve = [end(j), *(float(self.loss(self.evaluate(self.mix(members[i], members[j], a), items), items))
                                   for a in alphas[1:-1]), end(i)]
                gaps[i, j] = gaps[j, i] = max([0.0] + [
                    curve[k] - np.interp(alphas[k], [alphas[p], alphas[q]], [curve[p], curve[q]])
                    for p in range(POINTS) for q in range(p + 2, POINTS) for k in range(p + 1, q)])
        return gaps

    def soups(self, members, scores):
        select, report = self.data.select, self.data.report
        order = sorted(range(len(members)), key=lambda i: scores[i]["select"]["loss"])
        soup, best = members[order[0]], scores[order[0]]["select"]["loss"]
        for i in order[1:]:
            taken = None
            for alpha in (0.2, 0.4, 0.6, 0.8):
                candidate = self.mix(soup, members[i], alpha)
                loss = float(self.loss(self.evaluate(candidate, select), select))
                if loss < best:
                    taken, best = candidate, loss
            soup = taken or soup
        loras = [m for i, m in enumerate(members) if VARIANTS[i // self.args.seeds][1]]
        uniform = {n: sum(m.get(n, self.base[n]) for m in loras) / len(loras) for n in set().union(*loras)}
        return {"greedy": self.score(self.evaluate(soup, report), report),
                "uniform-lora": self.score(self.evaluate(uniform, report), report),
                "best single": scores[order[0]]["report"]}

    def run(self):
        members, scores, runs = [], [], []
        for name, rank, lr in VARIANTS:
            for seed in range(self.args.seeds):
                members.append(self.timed("train", self.train, rank, lr, seed))
                scores.append({split: self.score(self.timed("evaluate", self.evaluate, members[-1], items), items)
                               for split, items in (("select", self.data.select), ("report", self.data.report))})
                runs.append({"run": f"{name}/seed{seed}", **scores[-1]["report"]})
                print(f"{name}/seed{seed}: {runs[-1]} ({self.seconds['train']:.0f} s of training)", file=sys.stderr, flush=True)
        cka = self.timed("cka", self.cka, members)
        gaps = self.timed("gap", self.gaps, members)
        soups = self.timed("soup", self.soups, members, scores)
        upper = np.triu_indices(len(members), 1)
        return {"runs": runs, "soups": soups, "cka_mean": float(cka[upper].mean()), "gap_mean": float(gaps[upper].mean())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=os.path.join(ROOT, ".deps/demo/model"))
    parser.add_argument("--data", default=os.path.join(ROOT, ".deps/demo/reviews.tsv"))
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--train", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--plain", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    began, cpu = time.perf_counter(), time.process_time()
    study = Study(args)
    result = study.run()
    wall = time.perf_counter() - began
    print(json.dumps({"peer": f"transformers {transformers.__version__} + torch {torch.__version__}",
                      "style": "plain" if args.plain else "tuned", "precision": args.precision, "threads": args.threads,
                      "wall_seconds": round(wall, 1), "cpu_seconds": round(time.process_time() - cpu, 1),
                      "phases": {k: round(v, 1) for k, v in study.seconds.items()},
                      "train_items_per_second": round(len(result["runs"]) * args.epochs * args.train / study.seconds["train"], 1),
                      **result}))


if __name__ == "__main__":
    main()
