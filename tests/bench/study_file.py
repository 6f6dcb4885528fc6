"""A sweep file as the peer study needs it: deploy/examples/demo.yaml says what is run, here and there.

Settings that would change the peer's work and that it does not know are errors, so that the two studies stay the same one.
"""

import copy
import fnmatch
import os

import yaml

MODULES = {"query": "query", "key": "key", "value": "value"}  # role -> PEFT's target module


class Unknown(Exception):
    pass


def load(path):
    """The file as a dictionary whose paths are absolute."""
    with open(path, encoding="utf-8") as file:
        sweep = yaml.safe_load(file)
    at = os.path.dirname(os.path.abspath(path))
    sweep["model"]["path"] = os.path.normpath(os.path.join(at, sweep["model"]["path"]))
    splits = sweep["data"]["splits"]
    for name, split in splits.items():
        if isinstance(split, str):
            splits[name] = os.path.normpath(os.path.join(at, split))
    return sweep


def save(sweep, path):
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump(sweep, file, sort_keys=False)


def set_precision(sweep, precision):
    """The whole study in one precision: training, evaluation, analyses and soups."""
    sweep["train"]["precision"] = precision
    for variant in sweep["variants"]:
        variant.get("train", {}).pop("precision", None)
    for section in (sweep.setdefault("eval", {}), *sweep.get("analyses", []), *sweep.get("soups", [])):
        section["precision"] = precision


def make_quick(sweep):
    """The same study in a minute: one seed, few items, one epoch. Its ratios mean little."""
    sweep["seeds"] = [0]
    sweep["train"]["epochs"] = 1
    sweep["data"]["limit"] = {"train": 96}
    for split in sweep["data"]["splits"].values():
        if isinstance(split, dict):
            split["items"] = 64
    for analysis in sweep.get("analyses", []):
        analysis["samples"] = 32


def seeds(sweep):
    value = sweep["seeds"]
    if isinstance(value, str) and ".." in value:
        first, last = value.split("..")
        return list(range(int(first), int(last) + 1))
    return [int(s) for s in value] if isinstance(value, list) else [int(value)]


def merge(base, over):
    """`over` on top of `base`, maps merged at every depth."""
    out = copy.deepcopy(base)
    for key, value in over.items():
        out[key] = merge(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else copy.deepcopy(value)
    return out


def put(tree, path, value):
    *steps, last = path.split(".")
    for step in steps:
        tree = tree.setdefault(step, {})
    tree[last] = value


def variants(sweep):
    """One dictionary a variant, grids expanded: name, rank (None = full), scale, targets, lora_dropout, train."""
    found = []
    for entry in sweep["variants"]:
        cells = [{}]
        for path, values in entry.get("grid", {}).items():
            cells = [{**cell, path: value} for cell in cells for value in values]
        for cell in cells:
            settings = merge({"train": sweep["train"]}, {k: v for k, v in entry.items() if k not in ("name", "grid")})
            name = entry["name"]
            for path, value in cell.items():
                put(settings, path, value)
                name = name.replace("{" + path + "}", str(value))
            found.append({"name": name, **adapter(settings["adapter"]), "train": settings["train"]})
    return found


def adapter(settings):
    if settings["type"] == "none":
        return {"rank": None}
    if settings["type"] != "lora":
        raise Unknown(f"adapter {settings['type']}")
    rank, alpha = settings["r"], settings.get("alpha", "1r")
    scale = float(alpha[:-1] or 1) if isinstance(alpha, str) and alpha.endswith("r") else float(alpha) / rank
    return {"rank": rank, "scale": scale, "targets": [MODULES[t] for t in settings.get("targets", ["query", "value"])],
            "lora_dropout": settings.get("dropout", 0.0)}


def split_sizes(sweep):
    """Items of each split that is cut out of the training file, and of the training set that is left."""
    data = sweep["data"]
    sizes = {name: split["items"] for name, split in data["splits"].items() if isinstance(split, dict)}
    for name, split in data["splits"].items():
        if isinstance(split, dict) and split["from"] != "train":
            raise Unknown(f"data.splits.{name}.from {split['from']}")
    return sizes, data.get("limit", {}).get("train")


def columns(sweep):
    data = sweep["data"]
    if data["task"] != "classification" or data["format"] != "tsv" or "text_pair" in data["columns"]:
        raise Unknown("data that is not one text column of a tsv file")
    return data["columns"]["text"], data["columns"]["label"]


def analyses(sweep, *types):
    return [a for a in sweep.get("analyses", []) if a["type"] in types]


def selected(select, name):
    """Whether a soup's or an analysis' `select` takes a run of that variant: nothing, or one variant~GLOB."""
    if not select:
        return True
    if not select.startswith("variant~") or "," in select:
        raise Unknown(f"select {select}")
    return fnmatch.fnmatchcase(name, select.removeprefix("variant~"))
