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
BIN = os.environ.get("EIDA_BIN", os.path.join(ROOT, "build/release/bin"))
THREADS = len(os.sched_getaffinity(0))
MAX_LENGTH = 64


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def model_spec(directory=MODEL, architecture="bert"):
    names = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")
    files = {name: digest(os.path.join(directory, name)) for name in names if os.path.exists(os.path.join(directory, name))}
    canonical = json.dumps(files, sort_keys=True, separators=(",", ":"))
    spec = {"digest": hashlib.sha256(canonical.encode()).hexdigest(), "architecture": architecture, "labels": 2}
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

    def __init__(self, train_items=1600, model=MODEL, architecture="bert", data=None):
        """`data`: another (spec, files) than the reviews'."""
        self.dir = tempfile.mkdtemp(prefix="eida-parity-")
        self.model, model_files = model_spec(model, architecture)
        self.data, data_files = data or data_spec(train_items)
        self.files = {**model_files, **data_files}
        self.count = 0

    def close(self):
        shutil.rmtree(self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def job(self, kind, spec, inputs=()):
        """Writes a job file and returns its path; `spec` is completed with the bench's model and data."""
        self.count += 1
        path = self.path(f"job{self.count}.json")
        spec = {"model": self.model, "data": self.data, **spec}
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"format": "eida/job/v1", "slot": {"device": "cpu", "threads": THREADS},
                       "jobs": [{"job": self.count, "kind": kind, "name": f"{kind}{self.count}", "spec": spec,
                                 "inputs": {**self.files, **dict(inputs)}, "out": self.path(f"out{self.count}")}]}, file)
        return path

    def run(self, kind, spec, inputs=()):
        """The job's Result; raises with the runner's own words when it fails."""
        job = self.job(kind, spec, inputs)
        out = subprocess.run([os.path.join(BIN, "eida-runner"), job, "--out", self.path(f"out{self.count}"),
                              "--log-level", "warn"], capture_output=True, text=True, check=False)
        events = [json.loads(line) for line in out.stdout.splitlines()]
        errors = [e["message"] for e in events if e["event"] == "error"]
        if out.returncode != 0 or errors:
            raise RuntimeError(f"{kind}: exit {out.returncode} {errors} {out.stderr[-2000:]}")
        return Result(events)

    def states(self, split, layers=(), weights=None, inputs=(), **spec):
        """Token ids of a split, and the layers' outputs at every token (tests/parity/states.cc), as tensors."""
        inputs = {**dict(inputs), **({"weights": weights} if weights else {})}
        job = self.job("evaluate", {"split": split, "layers": list(layers), "numerics": NUMERICS, **spec}, inputs)
        out = self.path(f"states{self.count}.safetensors")
        subprocess.run([os.path.join(BIN, "eida_states"), job, out], check=True)
        return load_file(out)

    def train(self, adapter, seed=0, steps=50, **train):
        settings = {"steps": steps, "batch_size": 16, "grad_accum": 1, "lr": 2e-4, "precision": "fp32", "grad_clip": 1.0,
                    "batching": "padded", "dropout": 0.0, "schedule": {"name": "linear", "warmup_ratio": 0.06},
                    "optimizer": {"name": "adamw", "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01}, **train}
        settings = {k: v for k, v in settings.items() if v is not None}
        self.settings = settings
        return self.run("train", {"seed": seed, "adapter": adapter, "train": settings,
                                  "eval": {"every": None, "metric": "loss", "goal": "minimize", "split": "select",
                                           "report": "report", "batch_size": 32},
                                  "checkpoint": {"every": None, "keep": ["last"]}})

    def evaluate(self, weights, split="select", samples=None, **numerics):
        spec = {"split": split, "samples": samples, "item_seed": 0, "numerics": {**NUMERICS, **numerics}}
        return self.run("evaluate", spec, {"weights": weights})

    def save(self, tensors, name):
        path = self.path(name)
        save_file({k: v.detach().contiguous() for k, v in tensors.items()}, path, metadata={"format": "pt"})
        return path


def lora(r, alpha=None, dropout=0.0, targets=("query", "value")):
    return {"type": "lora", "r": r, "alpha": alpha or 4 * r, "dropout": dropout, "targets": list(targets), "bias": "none"}


def rows():
    """(text, label) of every row of the reviews, in file order: item i is rows()[i]."""
    with open(REVIEWS, encoding="utf-8") as file:
        lines = file.read().split("\n")[1:]
    return [(line.split("\t")[0], int(line.split("\t")[1])) for line in lines if line]


def largest(a, b):
    return float((torch.as_tensor(a, dtype=torch.float64) - torch.as_tensor(b, dtype=torch.float64)).abs().max())


class Trace:
    """What a traced training wrote: initial trainable tensors, the micro-batches of each step in order, the loss of each step."""

    def __init__(self, result, accumulate=1, epoch_items=None):
        """`epoch_items`: items of an epoch, where the last step of an epoch takes fewer than `accumulate` micro-batches."""
        tensors = result.tensors("trace")
        batches = [b.tolist() for b in tensors["items"].split(tensors["batch_sizes"].tolist())]
        epochs, taken = [[]], 0
        for batch in batches:
            if epoch_items and taken == epoch_items:
                epochs.append([])
                taken = 0
            epochs[-1].append(batch)
            taken += len(batch)
        by_epoch = [[epoch[at:at + accumulate] for at in range(0, len(epoch), accumulate)] for epoch in epochs]
        self.updates = [update for epoch in by_epoch for update in epoch]
        self.cycles = [len(epoch) for epoch in by_epoch]  # updates of each epoch
        self.init = {k.removeprefix("init."): v for k, v in tensors.items() if k.startswith("init.")}
        self.loss = tensors["loss"].double()
