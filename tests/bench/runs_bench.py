#!/usr/bin/env python3
"""Single jobs of Eida's runner beside transformers + PEFT: the same model, items, batches and threads, in turns, in one run.

lora      one LoRA run on the demo's MiniLM (r = 8 on query and value), fp32 and bf16, seconds of the training loop
eida      the share of an epoch that EIDA's sampling, bases and merging take
generate  beam search over E2E-like prompts by a GPT-2 of random weights; transformers' generate gets all prompts of a batch at once
          (`batched`) and one prompt after another (`alone`); the texts are compared

Prints seconds, ratios (below 1: Eida is faster) and peak memory; writes JSON; a slow result is no error. EIDA_BENCH_ROWS: as for
tokenizer_bench.py.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL = os.path.join(ROOT, ".deps/demo/model")
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")
LENGTH = 64


def timed(command, threads):
    """The last line that the command printed, as JSON, and its peak memory in MiB."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "passive", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1",
                   "PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            raise SystemExit(f"runs_bench: error: exit {process.returncode}: {' '.join(command)}\n{errors.read()[-3000:]}")
        return [json.loads(line) for line in out.read().splitlines() if line.startswith("{")], usage.ru_maxrss / 1024


class Bench:
    def __init__(self, arguments, directory):
        self.arguments, self.directory, self.count = arguments, directory, 0

    def runner(self, kind, spec, inputs, architecture="bert", model=MODEL):
        """The summary of one job, its artifacts and its peak memory."""
        self.count += 1
        files = {f"model/{name}": os.path.join(model, name) for name in FILES if os.path.exists(os.path.join(model, name))}
        spec = {"model": {"digest": model, "architecture": architecture, "labels": 2}, **spec}
        path = os.path.join(self.directory, f"job{self.count}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"format": "eida/job/v1", "slot": {"device": "cpu", "threads": self.arguments.threads},
                       "jobs": [{"job": 1, "kind": kind, "name": kind, "spec": spec, "inputs": {**files, **inputs},
                                 "out": os.path.join(self.directory, f"out{self.count}")}]}, file)
        events, memory = timed([os.path.join(self.arguments.bin, "eida-runner"), path, "--log-level", "error"], self.arguments.threads)
        return (next(e["summary"] for e in events if e["event"] == "done"),
                {e["name"]: e["path"] for e in events if e["event"] == "artifact"}, memory)

    def peer(self, *command):
        results, memory = timed([self.arguments.python, os.path.join(ROOT, "tests/bench/peer_runs.py"), *map(str, command)],
                                self.arguments.threads)
        return results[-1], memory

    def turns(self, sides):
        """{side: (median seconds, largest peak memory)}, the sides in turns."""
        seconds, memory = {s: [] for s in sides}, {s: 0 for s in sides}
        for _ in range(self.arguments.rounds):
            for side, run in sides.items():
                one, peak = run()
                seconds[side].append(one)
                memory[side] = max(memory[side], peak)
        return {side: (statistics.median(seconds[side]), memory[side]) for side in sides}

    def data(self, rows):
        return {"task": "classification", "format": "tsv", "columns": self.columns(), "max_length": LENGTH, "limit": {"train": rows},
                "splits": [{"name": "train", "digest": "rows"}, {"name": "select", "from": "train", "items": 32, "seed": 0}]}

    def columns(self):
        with open(self.arguments.rows, encoding="utf-8") as file:
            text, label = file.readline().rstrip("\n").split("\t")[:2]
        return {"text": text, "label": label}

    def train(self, adapter, steps, precision, rows, trace, **train):
        settings = {"batch_size": 32, "grad_accum": 1, "lr": 1e-3, "precision": precision, "grad_clip": 1.0, "batching": "padded",
                    "dropout": 0.0, "schedule": {"name": "linear", "warmup_ratio": 0.06}, "trace": trace,
                    "optimizer": {"name": "adamw", "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01}, **train}
        settings |= {"steps": steps} if steps else {"epochs": 1}
        spec = {"seed": 0, "adapter": adapter, "train": settings, "data": self.data(rows),
                "eval": {"every": None, "metric": "loss", "goal": "minimize", "split": "select", "report": "select", "batch_size": 32},
                "checkpoint": {"every": None, "keep": ["last"]}}
        return self.runner("train", spec, {"data/train": self.arguments.rows})

    def lora(self):
        steps = 10 if self.arguments.quick else 100
        adapter = {"type": "lora", "r": 8, "alpha": 16, "dropout": 0.0, "targets": ["query", "value"], "bias": "none"}
        found = {}
        for precision in ("fp32", "bf16"):
            _, artifacts, _ = self.train(adapter, steps, precision, 32 * steps, True)  # the same batches for both

            def ours(precision=precision):
                summary, _, memory = self.train(adapter, steps, precision, 32 * steps, False)
                return summary["seconds"], memory

            def theirs(precision=precision, trace=artifacts["trace"]):
                result, memory = self.peer("lora", MODEL, self.arguments.rows, trace, precision, LENGTH, self.arguments.threads)
                return result["seconds"], memory
            found[precision] = self.report(f"LoRA, {steps} steps of 32, {precision}", self.turns({"eida": ours, "peft": theirs}))
        return found

    def eida(self):
        rows = 512 if self.arguments.quick else 8192
        targets = ["query", "key", "value", "attn_out", "fc1", "fc2"]
        adapter = {"type": "eida", "targets": targets, "dims": "32", "sequences": 256, "tokens_per_sequence": 2, "sample_batch": 16}
        summary, _, _ = self.train(adapter, None, "fp32", rows, False, schedule={"name": "linear", "warmup_ratio": 0.1, "restart": "epoch"})
        share = summary["adapter_seconds"] / summary["seconds"]
        print(f"EIDA, an epoch of {rows} items: {summary['adapter_seconds']:.2f} s of {summary['seconds']:.2f} s for its bases "
              f"({100 * share:.1f} %; SST-2 has 67,349: {100 * share * rows / 67349:.2f} %)")
        return {"rows": rows, "adapter_seconds": summary["adapter_seconds"], "seconds": summary["seconds"], "share": share}

    def generate(self):
        prompts, beams, new = (8, 4, 8) if self.arguments.quick else (64, 10, 32)
        model = os.path.join(self.directory, "gpt2")
        made, _ = self.peer("make_gpt2", model, 256, 4, 8)
        generator = random.Random(0)
        rows = os.path.join(self.directory, "rows.txt")
        with open(rows, "w", encoding="utf-8") as file:
            for _ in range(prompts):
                words = " ".join(f"w{generator.randrange(10, made['words'])}" for _ in range(generator.randint(20, 45)))
                file.write(f"{words}||w5\n")
        options = {"num_beams": beams, "max_new_tokens": new, "early_stopping": True, "no_repeat_ngram_size": 4, "eos_token_id": None}
        spec = {"split": "train", "generate": options, "numerics": {"precision": "fp32", "batch_size": prompts},
                "data": {"task": "e2e", "format": "e2e", "columns": {"text": "source", "text_pair": "target"},
                         "splits": [{"name": "train", "digest": "rows"}]}}
        texts = {}

        def ours():
            summary, artifacts, memory = self.runner("generate", spec, {"data/train": rows, "weights": os.path.join(model, "model.safetensors")},
                                                     "gpt2", model)
            with open(artifacts["texts"], encoding="utf-8") as file:
                texts["eida"] = [json.loads(line)["tokens"] for line in file]
            return summary["seconds"], memory

        def theirs(how):
            result, memory = self.peer("generate", model, rows, json.dumps(options), how, self.arguments.threads)
            texts[how] = result["texts"]
            return result["seconds"], memory
        found = self.report(f"beam {beams}, {prompts} prompts, {new} new tokens",
                            self.turns({"eida": ours, "batched": lambda: theirs("batched"), "alone": lambda: theirs("alone")}))
        found["same_texts"] = sum(a == b for a, b in zip(texts["eida"], texts["alone"], strict=True)) / prompts
        print(f"  texts equal to transformers' alone: {100 * found['same_texts']:.0f} %")
        return found

    def report(self, what, sides):
        own = sides["eida"]
        print(f"{what}: eida {own[0]:.2f} s, {own[1]:.0f} MiB", flush=True)
        found = {"eida": {"seconds": own[0], "peak_mib": own[1]}}
        for side, (seconds, memory) in sides.items():
            if side == "eida":
                continue
            print(f"  {side:<8} {seconds:.2f} s, {memory:.0f} MiB: ratio {own[0] / seconds:.2f} in time, {own[1] / memory:.2f} in peak memory", flush=True)
            found[side] = {"seconds": seconds, "peak_mib": memory, "ratio": own[0] / seconds}
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", nargs="*", help="lora, eida, generate; default: all")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"), help="where eida-runner is")
    parser.add_argument("--python", default=os.path.join(ROOT, ".deps/parity-venv/bin/python"))
    parser.add_argument("--rows", default=os.environ.get("EIDA_BENCH_ROWS", os.path.join(ROOT, ".deps/demo/reviews.tsv")))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: shows that it works")
    parser.add_argument("--out", help="write the figures there as JSON")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds = 1
    with tempfile.TemporaryDirectory(prefix="eida-runs-bench-") as directory:
        bench = Bench(arguments, directory)
        found = {which: getattr(bench, which)() for which in arguments.which or ("lora", "eida", "generate")}
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump({"threads": arguments.threads, "rows": os.path.basename(arguments.rows), **found}, file, indent=1)


if __name__ == "__main__":
    main()
