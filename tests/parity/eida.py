"""Runs eida-runner by hand: job files in, events and artifacts out. Shared by the parity tests."""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL = os.path.join(ROOT, ".deps/demo/model")
REVIEWS = os.path.join(ROOT, ".deps/demo/reviews.tsv")
RUNNER = os.environ.get("EIDA_RUNNER", os.path.join(ROOT, "build/release/bin/eida-runner"))
THREADS = len(os.sched_getaffinity(0))
MAX_LENGTH = 64


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def model_spec(directory=MODEL):
    files = {name: digest(os.path.join(directory, name)) for name in ("config.json", "tokenizer.json", "model.safetensors")}
    canonical = json.dumps(files, sort_keys=True, separators=(",", ":"))
    spec = {"digest": hashlib.sha256(canonical.encode()).hexdigest(), "architecture": "bert", "labels": 2}
    return spec, {"model/" + name: os.path.join(directory, name) for name in files}


def data_spec(train_items, select_items=128):
    spec = {"task": "classification", "format": "tsv", "columns": {"text": "text", "label": "label"}, "max_length": MAX_LENGTH,
            "limit": {"train": train_items},
            "splits": [{"name": "train", "digest": digest(REVIEWS)},
                       {"name": "select", "from": "train", "items": select_items, "seed": 0},
                       {"name": "report", "from": "train", "items": select_items, "seed": 1}]}
    return spec, {"data/train": REVIEWS}


NUMERICS = {"precision": "fp32", "batch_size": 32, "batching": "bucketed"}


class Result:
    def __init__(self, events):
        self.artifacts = {e["name"]: e["path"] for e in events if e["event"] == "artifact"}
        self.summary = next(e["summary"] for e in events if e["event"] == "done")
        self.events = events

    def tensors(self, name):
        return load_file(self.artifacts[name])

    def json(self, name):
        with open(self.artifacts[name], encoding="utf-8") as file:
            return json.load(file)

    def metadata(self, name):
        with safe_open(self.artifacts[name], "pt") as file:
            return file.metadata()


class Bench:
    """One model and data set, a scratch directory, and a way to run jobs on them."""

    def __init__(self, train_items=1600):
        self.dir = tempfile.mkdtemp(prefix="eida-parity-")
        self.model, model_files = model_spec()
        self.data, data_files = data_spec(train_items)
        self.files = {**model_files, **data_files}
        self.count = 0

    def close(self):
        shutil.rmtree(self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def run(self, kind, spec, inputs=()):
        """The job's Result; raises with the runner's own words when it fails."""
        self.count += 1
        job = self.path(f"job{self.count}.json")
        spec = {"model": self.model, "data": self.data, **spec}
        with open(job, "w", encoding="utf-8") as file:
            json.dump({"format": "eida/job/v1", "slot": {"device": "cpu", "threads": THREADS},
                       "jobs": [{"job": self.count, "kind": kind, "name": f"{kind}{self.count}", "spec": spec,
                                 "inputs": {**self.files, **dict(inputs)}}]}, file)
        out = subprocess.run([RUNNER, job, "--out", self.path(f"out{self.count}"), "--log-level", "warn"],
                             capture_output=True, text=True, check=False)
        events = [json.loads(line) for line in out.stdout.splitlines()]
        errors = [e["message"] for e in events if e["event"] == "error"]
        if out.returncode != 0 or errors:
            raise RuntimeError(f"{kind}: exit {out.returncode} {errors} {out.stderr[-2000:]}")
        return Result(events)

    def train(self, adapter, seed=0, steps=50, **train):
        settings = {"steps": steps, "batch_size": 16, "grad_accum": 1, "lr": 2e-4, "precision": "fp32", "grad_clip": 1.0,
                    "batching": "padded", "dropout": 0.0, "schedule": {"name": "linear", "warmup_ratio": 0.06},
                    "optimizer": {"name": "adamw", "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01}, **train}
        return self.run("train", {"seed": seed, "adapter": adapter, "train": settings,
                                  "eval": {"every": None, "metric": "loss", "goal": "minimize", "split": "select",
                                           "report": "report", "batch_size": 32},
                                  "checkpoint": {"every": None, "keep": ["last"]}})

    def evaluate(self, weights, split="select", samples=None):
        spec = {"split": split, "samples": samples, "item_seed": 0, "numerics": NUMERICS}
        return self.run("evaluate", spec, {"weights": weights})

    def save(self, tensors, name):
        path = self.path(name)
        save_file({k: v.detach().contiguous() for k, v in tensors.items()}, path, metadata={"format": "pt"})
        return path


def lora(r, alpha=None, dropout=0.0):
    return {"type": "lora", "r": r, "alpha": alpha or 4 * r, "dropout": dropout, "targets": ["query", "value"], "bias": "none"}


def rows():
    """(text, label) of every row of the reviews, in file order: item i is rows()[i]."""
    with open(REVIEWS, encoding="utf-8") as file:
        lines = file.read().split("\n")[1:]
    return [(line.split("\t")[0], int(line.split("\t")[1])) for line in lines if line]


def relative(a, b):
    """Largest difference relative to the larger of the two magnitudes."""
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-12))


def largest(a, b):
    return float((torch.as_tensor(a, dtype=torch.float64) - torch.as_tensor(b, dtype=torch.float64)).abs().max())
