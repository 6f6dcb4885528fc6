#!/usr/bin/env python3
"""Makes tests/golden/metrics/values.json from texts.json there: what sacrebleu and text_scores.py make of them, and where they are
given the reference programs.

    tests/parity/run.sh make_metrics.py [--corenlp stanford-corenlp-3.4.1.jar] [--moses mosesdecoder --wmt16 wmt16-scripts]

Without a program what is in the file of it stays. `make test` reads the numbers without Python. Run it again when texts.json or a
definition changes, never to make a test pass.
"""

import argparse
import itertools
import json
import os
import subprocess
import tempfile

import sacrebleu
from sacrebleu.metrics import BLEU

import text_scores

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden/metrics")
PUNCTUATION = set("'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split())
OPTIONS = ([{"tokenize": t, "lowercase": l} for t, l in itertools.product(("13a", "intl", "char", "none"), (False, True))] +
           [{"smooth": "floor"}, {"smooth": "floor", "smooth_value": 0.25}, {"smooth": "add-k"}, {"smooth": "add-k", "smooth_value": 0.5},
            {"smooth": "none"}, {"tokenize": "none", "smooth": "none"}])


def bleu(options, hypotheses, references):
    """sacrebleu's score and signature; items may differ in how many references they have."""
    metric = BLEU(tokenize=options.get("tokenize", "13a"), lowercase=options.get("lowercase", False),
                  smooth_method=options.get("smooth", "exp"), smooth_value=options.get("smooth_value"))
    width = max(len(r) for r in references)
    streams = [[r[k] if k < len(r) else None for r in references] for k in range(width)]
    score = metric.corpus_score(hypotheses, streams)
    return {"value": score.score, "precisions": score.precisions, "brevity_penalty": score.bp, "length": score.sys_len,
            "reference_length": score.ref_len, "signature": str(metric.get_signature()).split("|version")[0]}


def mteval_words(text):
    words = sacrebleu.metrics.bleu._get_tokenizer("13a")()(" ".join(text.split()))
    return "".join(c.lower() if c.isascii() else c for c in words).split()


def caption_words(jar, texts):
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(texts) + "\n")
        file.flush()
        out = subprocess.run(["java", "-Dfile.encoding=UTF-8", "-cp", jar, "edu.stanford.nlp.process.PTBTokenizer", "-preserveLines",
                              "-lowerCase", file.name], check=True, capture_output=True, encoding="utf-8").stdout
    return [[w for w in line.split() if w not in PUNCTUATION] for line in out.split("\n")[:len(texts)]]


def romanian_lines(moses, wmt16, texts):
    lines = "\n".join(texts) + "\n"
    tools, own = os.path.join(moses, "scripts/tokenizer"), os.path.join(wmt16, "preprocess")
    for command in (["perl", tools + "/replace-unicode-punctuation.perl"], ["perl", tools + "/normalize-punctuation.perl", "-l", "ro"],
                    ["perl", tools + "/remove-non-printing-char.perl"], ["python3", own + "/normalise-romanian.py"],
                    ["python3", own + "/remove-diacritics.py"], ["perl", tools + "/tokenizer.perl", "-q", "-no-escape", "-l", "ro"]):
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
        lines = subprocess.run(command, input=lines, check=True, capture_output=True, encoding="utf-8", env=environment).stdout
    return lines.split("\n")[:-1]


def same_shape(flat, references):
    """A flat list cut as the references of items are."""
    flat = iter(flat)
    return [[next(flat) for _ in item] for item in references]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("corenlp", "moses", "wmt16"):
        parser.add_argument("--" + name)
    given = parser.parse_args()
    with open(os.path.join(GOLDEN, "texts.json"), encoding="utf-8") as file:
        corpora = json.load(file)
    path = os.path.join(GOLDEN, "values.json")
    values = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    before, values = values, {"sacrebleu": sacrebleu.__version__, "bleu": [], "scores": {}, "captions": {}, "romanian": {}}
    for name, corpus in corpora.items():
        hypotheses = corpus["hypotheses"]
        references = [[r for r in item if r] for item in corpus["references"]]
        flat = [r for item in references for r in item]
        for options in OPTIONS:
            values["bleu"].append({"corpus": name, "options": options, **bleu(options, hypotheses, references)})
        if given.corenlp:
            words = caption_words(given.corenlp, hypotheses + flat)
            captions = {"hypotheses": words[:len(hypotheses)], "references": same_shape(words[len(hypotheses):], references)}
        else:
            captions = before["captions"][name]
        values["captions"][name] = captions
        ours = [mteval_words(h) for h in hypotheses]
        theirs = [[w for w in map(mteval_words, item) if w] for item in references]
        values["scores"][name] = {"e2e_bleu": text_scores.e2e_bleu(ours, theirs), "e2e_nist": text_scores.e2e_nist(ours, theirs)}
        for metric in ("rouge_l", "cider"):
            value, items = getattr(text_scores, metric)(captions["hypotheses"], captions["references"])
            values["scores"][name].update({metric: value, metric + "_items": items})
        lines = (romanian_lines(given.moses, given.wmt16, hypotheses + flat) if given.moses else None)
        values["romanian"][name] = before["romanian"][name] if lines is None else {
            "hypotheses": lines[:len(hypotheses)], "references": same_shape(lines[len(hypotheses):], references)}
        romanian = values["romanian"][name]
        options = {"tokenize": "none", "smooth": "none"}
        values["bleu"].append({"corpus": name, "options": {**options, "postprocess": "romanian"},
                               **bleu(options, romanian["hypotheses"], romanian["references"])})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(values, file, ensure_ascii=False, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
