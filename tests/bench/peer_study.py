#!/usr/bin/env python3
"""The study of a sweep file with transformers and PEFT: same model, data, variants, seeds, steps, precision and analyses.

Prints one JSON object with what each phase cost and what came out. By default it is written the way somebody does who cares
about speed: text is tokenised once; training batches are grouped by length where the file says `bucketed` (Trainer's
group_by_length) and padded to their longest item; evaluation goes in order of length; AdamW is the fused one; LoRA models
are merged before they are evaluated; the ends of a path come out of the evaluation that was made already; and --processes N
runs N workers side by side, each with --threads threads on cores of its own.
--style plain leaves out what scripts usually leave out: grouping, order of length, fused AdamW, ends taken from before.

    .deps/parity-venv/bin/python tests/bench/peer_study.py [SWEEP.yaml] [--processes 2 --threads 1] [--style plain]
"""

import time

BEGAN = time.perf_counter()

import argparse  # noqa: E402
import json  # noqa: E402
import math  # noqa: E402
import multiprocessing  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402

import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from peft import LoraConfig, get_peft_model  # noqa: E402

import study_file  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Data:
    """Every row tokenised once; batches of item numbers, padded to their longest."""

    def __init__(self, sweep):
        data = sweep["data"]
        text, label = study_file.columns(sweep)
        tokenizer = transformers.AutoTokenizer.from_pretrained(sweep["model"]["path"])
        with open(data["splits"]["train"], encoding="utf-8") as file:
            header, *rows = [line.rstrip("\n").split("\t") for line in file]
        ids = tokenizer([r[header.index(text)] for r in rows], truncation=True, max_length=data["max_length"])["input_ids"]
        self.ids = [torch.tensor(i) for i in ids]
        self.labels = torch.tensor([int(r[header.index(label)]) for r in rows])
        self.special = torch.tensor(tokenizer.all_special_ids)
        order = list(range(len(rows)))
        random.Random(0).shuffle(order)
        sizes, limit = study_file.split_sizes(sweep)
        self.splits = {}
        for name, size in sizes.items():
            self.splits[name], order = order[:size], order[size:]
        self.splits["train"] = order[:limit]

    def batch(self, items):
        ids = torch.nn.utils.rnn.pad_sequence([self.ids[i] for i in items], batch_first=True)
        return {"input_ids": ids, "attention_mask": (ids != 0).long()}, self.labels[items]

    def ordered(self, items, size, by_length):
        """(positions, items) of each batch of an evaluation."""
        positions = list(range(len(items)))
        if by_length:
            positions.sort(key=lambda p: -len(self.ids[items[p]]))
        for at in range(0, len(positions), size):
            chosen = positions[at:at + size]
            yield chosen, [items[p] for p in chosen]

    def epoch(self, shuffled, size, grouped):
        """The batches of one epoch; grouped: sorted by length within 50 batches, batches in random order."""
        order = list(self.splits["train"])
        shuffled.shuffle(order)
        if grouped:
            order = [i for at in range(0, len(order), 50 * size)
                     for i in sorted(order[at:at + 50 * size], key=lambda i: len(self.ids[i]))]
        batches = [order[at:at + size] for at in range(0, len(order), size)]
        if grouped:
            shuffled.shuffle(batches)
        return batches


class Study:
    """One process' part of the study. Every method named in TASKS may run in any process; members meet in `scratch`."""

    def __init__(self, sweep, style, scratch):
        self.sweep, self.tuned, self.scratch = sweep, style == "tuned", scratch
        self.variants, self.seeds = study_file.variants(sweep), study_file.seeds(sweep)
        self.runs = [(variant, seed) for variant in self.variants for seed in self.seeds]
        self.eval = {"batch_size": 64, "precision": "fp32", **sweep.get("eval", {})}
        self.data = Data(sweep)
        self.model = self.fresh(0)
        self.base = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.kept, self.soups = {}, {(): None}

    def fresh(self, seed):
        transformers.set_seed(seed)
        return transformers.AutoModelForSequenceClassification.from_pretrained(
            self.sweep["model"]["path"], num_labels=self.sweep["model"]["head"]["classification"]["labels"], dtype=torch.float32)

    @staticmethod
    def autocast(precision):
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")

    # Training

    def train(self, i, most=None):
        """Run i; what is left is the tensors that differ from the base, merged, and its evaluation on every split. `most`:
        stop after so many steps and keep nothing. Returns seconds and items."""
        variant, seed = self.runs[i]
        settings = variant["train"]
        model = self.fresh(seed)
        if variant["rank"]:
            model = get_peft_model(model, LoraConfig(r=variant["rank"], lora_alpha=variant["scale"] * variant["rank"],
                                                     lora_dropout=variant["lora_dropout"], target_modules=variant["targets"],
                                                     task_type="SEQ_CLS"))
        model.train()
        began = time.perf_counter()
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        decayed = [p for n, p in named if not n.endswith("bias") and "LayerNorm" not in n]
        others = [p for n, p in named if n.endswith("bias") or "LayerNorm" in n]
        adamw = {"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0, **settings.get("optimizer", {})}
        optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": adamw["weight_decay"]},
                                       {"params": others, "weight_decay": 0.0}], lr=float(settings["lr"]), betas=adamw["betas"],
                                      eps=adamw["eps"], **({"fused": True} if self.tuned else {}))
        size, accumulate = settings.get("batch_size", 32), settings.get("grad_accum", 1)
        per_epoch = math.ceil(math.ceil(len(self.data.splits["train"]) / size) / accumulate)
        steps = settings.get("steps") or math.ceil(settings["epochs"] * per_epoch)
        warmup = settings.get("schedule", {}).get("warmup_steps", math.ceil(settings.get("schedule", {}).get("warmup_ratio", 0) * steps))
        schedule = transformers.get_linear_schedule_with_warmup(optimizer, warmup, steps)
        grouped = self.tuned and settings.get("batching", "bucketed") == "bucketed"
        shuffled, items, step = random.Random(seed), 0, 0
        while step < min(steps, most or steps):
            batches = self.data.epoch(shuffled, size, grouped)
            for at in range(0, len(batches), accumulate):
                micro = batches[at:at + accumulate]
                for batch in micro:
                    inputs, labels = self.data.batch(batch)
                    with self.autocast(settings.get("precision", "fp32")):
                        logits = model(**inputs).logits
                    (torch.nn.functional.cross_entropy(logits.float(), labels) / len(micro)).backward()
                    items += len(batch)
                torch.nn.utils.clip_grad_norm_([p for _, p in named], settings.get("grad_clip", 1.0))
                optimizer.step()
                schedule.step()
                optimizer.zero_grad(set_to_none=True)
                step += 1
                if step == min(steps, most or steps):
                    break
        seconds = time.perf_counter() - began
        if most:
            return {"train": seconds, "items": items}
        if variant["rank"]:
            model = model.merge_and_unload()
        weights = {k: v.detach().clone() for k, v in model.state_dict().items() if not torch.equal(v, self.base[k])}
        began = time.perf_counter()
        logits = {split: self.logits(weights, self.data.splits[split]) for split in self.data.splits if split != "train"}
        scores = {split: self.score(scored, self.data.splits[split]) for split, scored in logits.items()}
        spent = time.perf_counter() - began
        torch.save({"weights": weights, "logits": logits}, os.path.join(self.scratch, f"{i}.pt"))
        return {"train": seconds, "evaluate": spent, "items": items, "scores": scores}

    # Evaluation

    def member(self, i):
        if i not in self.kept:
            self.kept[i] = torch.load(os.path.join(self.scratch, f"{i}.pt"))
        return self.kept[i]

    def load(self, weights):
        self.model.load_state_dict({**self.base, **weights})
        self.model.eval()

    @torch.no_grad()
    def logits(self, weights, items, precision=None):
        self.load(weights)
        logits = torch.empty(len(items), self.model.config.num_labels)
        for positions, chosen in self.data.ordered(items, self.eval["batch_size"], self.tuned):
            with self.autocast(precision or self.eval["precision"]):
                logits[positions] = self.model(**self.data.batch(chosen)[0]).logits.float()
        return logits

    def loss(self, logits, items):
        return float(torch.nn.functional.cross_entropy(logits.double(), self.data.labels[items]))

    def score(self, logits, items):
        return {"loss": self.loss(logits, items), "accuracy": float((logits.argmax(1) == self.data.labels[items]).double().mean())}

    def sampled(self, analysis):
        return self.data.splits[analysis["split"]][:analysis.get("samples")]

    @torch.no_grad()
    def features(self, i, analysis):
        if analysis.get("layers", ["last"]) != ["last"]:
            raise study_file.Unknown("CKA of other layers than the last")
        items = self.sampled(analysis)
        self.load(self.member(i)["weights"])
        out = torch.empty(len(items), self.model.config.hidden_size)
        for positions, chosen in self.data.ordered(items, self.eval["batch_size"], self.tuned):
            inputs, _ = self.data.batch(chosen)
            keep = (~torch.isin(inputs["input_ids"], self.data.special)).unsqueeze(-1).float()
            with self.autocast(analysis.get("precision", "fp32")):
                last = self.model.bert(**inputs).last_hidden_state.float()
            out[positions] = (last * keep).sum(1) / keep.sum(1)
        return out.double().numpy()

    def mix(self, a, b, alpha):
        return {n: alpha * a.get(n, self.base[n]) + (1 - alpha) * b.get(n, self.base[n]) for n in a.keys() | b.keys()}

    def path(self, i, j, analysis):
        """The convexity gap between two runs."""
        items, points, precision = self.sampled(analysis), analysis.get("alphas", 11), analysis.get("precision", "fp32")
        a, b = self.member(i), self.member(j)
        alphas = np.linspace(0, 1, points)

        def end(member):
            if self.tuned and precision == self.eval["precision"]:
                return self.loss(member["logits"][analysis["split"]][:len(items)], items)
            return self.loss(self.logits(member["weights"], items, precision), items)

        curve = [end(b), *(self.loss(self.logits(self.mix(a["weights"], b["weights"], alpha), items, precision), items)
                           for alpha in alphas[1:-1]), end(a)]
        return max([0.0] + [curve[k] - np.interp(alphas[k], [alphas[p], alphas[q]], [curve[p], curve[q]])
                            for p in range(points) for q in range(p + 2, points) for k in range(p + 1, q)])

    def greedy(self, log, split, precision):
        """The soup that `log`, a tuple of (member, alpha), makes: soup = (1 - alpha) soup + alpha member."""
        for length in range(1, len(log) + 1):
            prefix = log[:length]
            if prefix not in self.soups:
                member, alpha = prefix[-1]
                new = self.member(member)["weights"]
                before = self.soups[prefix[:-1]]
                self.soups[prefix] = new if before is None else self.mix(new, before, alpha)
        soup = self.soups[log]
        self.soups = {prefix: self.soups[prefix] for prefix in (log[:k] for k in range(len(log)))}  # candidates are forgotten
        items = self.data.splits[split]
        return self.score(self.logits(soup, items, precision), items)

    def uniform(self, members, split, precision):
        sets = [self.member(i)["weights"] for i in members]
        soup = {n: sum(m.get(n, self.base[n]) for m in sets) / len(sets) for n in set().union(*sets)}
        items = self.data.splits[split]
        return self.score(self.logits(soup, items, precision), items)

    def probe(self):
        """The seconds of a little work of each kind, after a start that is not counted."""
        adapter = max(range(len(self.runs)), key=lambda i: self.runs[i][0]["rank"] or 0)
        self.train(adapter, 2)
        began = time.perf_counter()
        for i in (0, adapter):
            self.train(i, 6)
        self.logits({}, self.data.splits["train"][:256])
        return time.perf_counter() - began


def start(sweep, style, scratch, threads, turn):
    """Makes this process' Study, on cores of its own."""
    global STUDY
    with turn.get_lock():
        number = turn.value
        turn.value += 1
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[number * threads:(number + 1) * threads])
    torch.set_num_threads(threads)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    STUDY = Study(sweep, style, scratch)


def timed(task):
    name, *arguments = task
    began = time.perf_counter()
    out = getattr(STUDY, name)(*arguments)
    return out, time.perf_counter() - began


class Crew:
    """Runs tasks on all processes; with one process, in this one."""

    def __init__(self, processes, *arguments):
        self.processes, self.pool = processes, None
        context = multiprocessing.get_context("spawn")
        turn = context.Value("i", 0)
        if processes == 1:
            start(*arguments, turn)
        else:
            self.pool = context.Pool(processes, start, (*arguments, turn))

    def each(self, tasks):
        """(result, seconds) of every task, in order."""
        return [timed(task) for task in tasks] if self.pool is None else self.pool.map(timed, tasks, chunksize=1)

    def close(self):
        if self.pool is not None:
            self.pool.close()
            self.pool.join()


def soups(crew, sweep, names, scores, seconds):
    out = {}

    def run(tasks):
        done = crew.each(tasks)
        seconds["soup"] += sum(s for _, s in done)
        return [r for r, _ in done]

    for soup in sweep.get("soups", []):
        select, report, precision = soup["split"], soup["report"], soup.get("precision", "fp32")
        members = [i for i, name in enumerate(names) if study_file.selected(soup.get("select"), name)]
        if soup["type"] == "uniform":
            out[soup["name"]] = run([("uniform", members, split, precision) for split in (select, report)])[1]
            continue
        order = sorted(members, key=lambda i: scores[i][select]["loss"])
        log, best = ((order[0], 1.0),), scores[order[0]][select]["loss"]
        for i in order[1:]:
            candidates = [(*log, (i, alpha)) for alpha in soup.get("alphas", (0.2, 0.4, 0.6, 0.8))]
            tried = [r["loss"] for r in run([("greedy", c, select, precision) for c in candidates])]
            if min(tried) < best:
                best, log = min(tried), candidates[tried.index(min(tried))]
        out[soup["name"]] = run([("greedy", log, report, precision)])[0]
        out["best single"] = scores[order[0]][report]
    return out


def run(crew, sweep):
    seconds = {"train": 0.0, "evaluate": 0.0, "cka": 0.0, "gap": 0.0, "soup": 0.0}
    names = [v["name"] for v in study_file.variants(sweep) for _ in study_file.seeds(sweep)]
    trained = [r for r, _ in crew.each([("train", i) for i in range(len(names))])]
    for result in trained:
        seconds["train"] += result["train"]
        seconds["evaluate"] += result["evaluate"]
    scores = [r["scores"] for r in trained]
    out = {"runs": [{"run": name, **s[sweep["eval"]["report"]]} for name, s in zip(names, scores)]}
    upper = np.triu_indices(len(names), 1)
    for analysis in study_file.analyses(sweep, "cka"):
        done = crew.each([("features", i, analysis) for i in range(len(names))])
        began = time.perf_counter()
        grams = []
        for features, spent in done:
            seconds["cka"] += spent
            x = features - features.mean(0)
            gram = (x @ x.T).ravel()
            grams.append(gram / np.linalg.norm(gram))
        cka = np.stack(grams) @ np.stack(grams).T
        seconds["cka"] += time.perf_counter() - began
        out["cka_mean"] = float(cka[upper].mean())
    # Every path once, whatever is measured on it.
    seen = set()
    for analysis in study_file.analyses(sweep, "convexity_gap", "barrier", "error_barrier"):
        key = json.dumps({k: v for k, v in analysis.items() if k not in ("name", "type")}, sort_keys=True)
        if key in seen:
            continue
        seen.add(key)
        done = crew.each([("path", int(i), int(j), analysis) for i, j in zip(*upper)])
        seconds["gap"] += sum(s for _, s in done)
        out["gap_mean"] = float(np.mean([gap for gap, _ in done]))
    out["soups"] = soups(crew, sweep, names, scores, seconds)
    return seconds, sum(r["items"] for r in trained), out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sweep", nargs="?", default=os.path.join(ROOT, "deploy/examples/demo.yaml"))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of each process")
    parser.add_argument("--style", choices=["tuned", "plain"], default="tuned")
    parser.add_argument("--probe", action="store_true", help="only measure how fast this division of the cores is")
    args = parser.parse_args()
    imported = time.perf_counter() - BEGAN
    sweep = study_file.load(args.sweep)
    with tempfile.TemporaryDirectory(prefix="eida-peer-") as scratch:
        crew = Crew(args.processes, sweep, args.style, scratch, args.threads)
        if args.probe:
            slowest = max(r for r, _ in crew.each([("probe",)] * args.processes))
            crew.close()
            print(json.dumps({"processes": args.processes, "threads": args.threads, "work_per_second": args.processes / slowest}))
            return
        seconds, items, result = run(crew, sweep)
        crew.close()
    wall = time.perf_counter() - BEGAN
    print(f"{args.processes} x {args.threads} threads: {wall:.0f} s", file=sys.stderr)
    print(json.dumps({"peer": f"transformers {transformers.__version__} + torch {torch.__version__}", "style": args.style,
                      "processes": args.processes, "threads": args.threads, "wall_seconds": wall, "import_seconds": imported,
                      "core_seconds": {k: v * args.threads for k, v in seconds.items()},
                      "train_items": items, "train_items_per_second": items / (seconds["train"] / args.processes), **result}))


if __name__ == "__main__":
    main()
