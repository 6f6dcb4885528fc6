"""Metrics of texts: BLEU against sacrebleu, its tokenizers word by word; the E2E challenge's against a plain computation."""

import itertools
import json
import os
import random
import subprocess
import tempfile
import unicodedata
import unittest

from sacrebleu.metrics import bleu as sacrebleu

import limits
import make_metrics
import text_scores
import texts

BIN = os.environ.get("EIDA_BIN", os.path.join(os.path.dirname(os.path.dirname(make_metrics.GOLDEN)), "../build/release/bin"))
TOKENIZERS = ("13a", "intl", "char", "none")


def ask(**request):
    with tempfile.TemporaryDirectory(prefix="eida-parity-") as scratch:
        paths = [os.path.join(scratch, name) for name in ("request.json", "answer.json")]
        with open(paths[0], "w", encoding="utf-8") as file:
            json.dump(request, file)
        subprocess.run([os.path.join(BIN, "eida_scores"), *paths], check=True)
        with open(paths[1], encoding="utf-8") as file:
            return json.load(file)


def corpora():
    """The golden texts, and hard ones of every kind set against changed copies of themselves."""
    with open(os.path.join(make_metrics.GOLDEN, "texts.json"), encoding="utf-8") as file:
        for name, corpus in json.load(file).items():
            yield name, corpus["hypotheses"], [[r for r in item if r] for item in corpus["references"]]
    draw = random.Random(3)
    for name, rows in (("languages", texts.TRAINING + texts.HARD + texts.long_lines()[:2]), ("fuzz", texts.fuzz(1500, seed=21))):
        rows = [row for row in rows if row.strip() and known(row)]
        yield name, rows, [[changed(draw, row) for _ in range(draw.randrange(1, 4))] for row in rows]


def known(text):
    """Without characters newer than Python's Unicode: ICU and sacrebleu's regex library have versions of their own."""
    return all(unicodedata.category(c) != "Cn" for c in text)


def changed(draw, text):
    """The text with some characters and words moved, doubled or gone."""
    words = text.split(" ")
    for _ in range(draw.randrange(1, 4)):
        i = draw.randrange(len(words))
        words[i:i + 1] = draw.choice(([], [words[i]] * 2, [words[i][::-1]], [words[i], draw.choice(words)]))
        words = words or ["x"]
    return " ".join(words) or "x"


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.corpora = list(corpora())

    def test_bleu_with_every_option(self):
        options = [dict(zip(("tokenize", "lowercase", "smooth"), o))
                   for o in itertools.product(TOKENIZERS, (False, True), ("exp", "floor", "add-k", "none"))]
        options += [{"smooth": "floor", "smooth_value": 0.3}, {"smooth": "add-k", "smooth_value": 2.5}]
        for name, hypotheses, references in self.corpora:
            asked = [{"metric": "bleu", **o} for o in options]
            ours = ask(scores=[{"hypotheses": hypotheses, "references": references, "metrics": asked}])["scores"][0]
            for option, score in zip(options, ours, strict=True):
                wanted = make_metrics.bleu(option, hypotheses, references)
                parts = score["parts"]
                self.assertEqual(score["signature"].split("|eida")[0], wanted["signature"])
                self.assertEqual((parts["length"], parts["reference_length"]), (wanted["length"], wanted["reference_length"]), name)
                worst = max(abs(a - b) for a, b in zip(
                    [score["value"], parts["brevity_penalty"], *(parts[f"precision_{n}"] for n in range(1, 5))],
                    [wanted["value"], wanted["brevity_penalty"], *wanted["precisions"]], strict=True))
                limits.check(self, "text scores", worst, f"{name} {option}")

    def test_words_of_every_tokenizer(self):
        every = [t for _, hypotheses, references in self.corpora for t in hypotheses + sum(references, [])]
        ours = ask(words=[{"by": by, "texts": every} for by in TOKENIZERS])["words"]
        for by, words in zip(TOKENIZERS, ours, strict=True):
            tokenizer = sacrebleu._get_tokenizer(by)()
            different = [t for t, w in zip(every, words, strict=True) if tokenizer(t.rstrip()).split() != w]
            limits.check(self, "words of texts", len(different), f"{by}: {different[:3]!r:.500}")

    def test_the_challenge_of_e2e(self):
        for name, hypotheses, references in self.corpora:
            metrics = ["e2e_bleu", "e2e_nist", "rouge_l", "cider"]
            short = [i for i, h in enumerate(hypotheses) if len(h) < 300][:100]  # the plain computation takes its time
            hypotheses, references = [hypotheses[i] for i in short], [references[i] for i in short]
            words = [{"by": by, "texts": part} for by in ("mteval", "caption") for part in [hypotheses, *references]]
            answer = ask(scores=[{"hypotheses": hypotheses, "references": references, "metrics": metrics}], words=words)
            half = len(words) // 2
            for metric, score in zip(metrics, answer["scores"][0], strict=True):
                own, *others = answer["words"][:half] if metric.startswith("e2e") else answer["words"][half:]
                if metric.startswith("e2e"):
                    others = [[r for r in item if r] for item in others]
                wanted = getattr(text_scores, metric)(own, others)
                value, items = wanted if isinstance(wanted, tuple) else (wanted, [])
                worst = max(abs(a - b) for a, b in zip([score["value"], *score["items"]], [value, *items], strict=True))
                limits.check(self, "text scores", worst, f"{name} {metric}")

    def test_words_of_mteval(self):
        every = [t for _, hypotheses, _ in self.corpora for t in hypotheses if not set(t) & set("\x1c\x1d\x1e\x1f")]  # spaces to Python
        ours = ask(words=[{"by": "mteval", "texts": every}])["words"][0]
        different = [t for t, w in zip(every, ours, strict=True) if make_metrics.mteval_words(t) != w]
        limits.check(self, "words of texts", len(different), f"mteval: {different[:3]!r:.500}")


if __name__ == "__main__":
    unittest.main()
