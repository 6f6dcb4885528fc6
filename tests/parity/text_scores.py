"""Metrics of texts computed the plain way, from lists of words: what worker/metrics is compared with where no library has them.

Written from the definitions, and sharing nothing with the C++: dictionaries, quadratic tables, NumPy."""

import collections
import math

import numpy as np


def grams(words, n):
    return collections.Counter(tuple(words[i:i + n]) for i in range(len(words) - n + 1))


def most(references, n):
    """Each n-gram as often as the reference has it that has it most often."""
    counts = collections.Counter()
    for reference in references:
        counts |= grams(reference, n)
    return counts


def e2e_bleu(hypotheses, references):
    logs, halved = [], 1.0
    ours = sum(len(h) for h in hypotheses)
    theirs = sum(min((abs(len(r) - len(h)), len(r)) for r in rs)[1] for h, rs in zip(hypotheses, references) if rs)
    for n in range(1, 5):
        matched = sum(sum((grams(h, n) & most(rs, n)).values()) for h, rs in zip(hypotheses, references))
        total = sum(max(len(h) - n + 1, 0) for h in hypotheses)
        if total == 0:
            logs.append(0.0)
        elif matched == 0:
            halved *= 2
            logs.append(math.log(1 / (halved * total)))
        else:
            logs.append(math.log(matched / total))
    return math.exp(np.mean(logs)) * math.exp(min(0.0, 1 - theirs / ours)) if ours else 0.0


def e2e_nist(hypotheses, references, order=5):
    every = [r for rs in references for r in rs]
    words = sum(len(r) for r in every)
    counts = {(): words}
    for n in range(1, order + 1):
        for reference in every:
            for gram, c in grams(reference, n).items():
                counts[gram] = counts.get(gram, 0) + c
    value = 0.0
    for n in range(1, order + 1):
        gained, total = 0.0, 0
        for h, rs in zip(hypotheses, references):
            total += max(len(h) - n + 1, 0)
            for gram, c in (grams(h, n) & most(rs, n)).items():
                before = gram[:-1] if gram[:-1] != ("0",) else ()  # mteval: the text "0" is false
                gained += c * math.log2(counts[before] / counts[gram])
        value += gained / max(total, 1)
    ratio = sum(len(h) for h in hypotheses) / (words / (len(every) / len(hypotheses)))
    beta = -math.log(0.5) / math.log(1.5) ** 2
    return value * (1.0 if ratio >= 1 else math.exp(-beta * math.log(ratio) ** 2) if ratio > 0 else 0.0)


def rouge_l(hypotheses, references):
    def common(a, b):
        table = np.zeros((len(a) + 1, len(b) + 1), int)
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                table[i + 1, j + 1] = table[i, j] + 1 if x == y else max(table[i, j + 1], table[i + 1, j])
        return table[-1, -1]

    items = []
    for h, rs in zip(hypotheses, references):
        h, rs = h or [""], [r or [""] for r in rs]
        precision = max(common(h, r) / len(h) for r in rs)
        recall = max(common(h, r) / len(r) for r in rs)
        items.append(0.0 if precision == 0 else (1 + 1.44) * precision * recall / (recall + 1.44 * precision))
    return float(np.mean(items)), items


def cider(hypotheses, references):
    documents = collections.Counter()
    for rs in references:
        documents.update({gram for n in range(1, 5) for r in rs for gram in grams(r, n)})
    n_items = len(hypotheses)

    def vector(words, n):
        return {gram: c * (math.log(n_items) - math.log(max(1, documents[gram]))) for gram, c in grams(words, n).items()}

    items = []
    for h, rs in zip(hypotheses, references):
        similarities = []
        for r in rs:
            for n in range(1, 5):
                a, b = vector(h, n), vector(r, n)
                norms = np.linalg.norm(list(a.values())) * np.linalg.norm(list(b.values()))
                product = sum(min(a[gram], b[gram]) * b[gram] for gram in a.keys() & b.keys())
                apart = max(len(h) - 1, 0) - max(len(r) - 1, 0)  # in pairs of words
                similarities.append(product / norms * math.exp(-apart ** 2 / 72) if norms else 0.0)
        items.append(10 * sum(similarities) / 4 / len(rs))
    return float(np.mean(items)), items
