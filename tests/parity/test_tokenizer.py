"""Token ids of the demo's texts, and of texts that are hard to cut, as the Python tokenizer gives them."""

import unittest

import eida
import limits
import peer

HARD = ["Élan, naïve café -- São Paulo!", "中文 和 日本語 한국어 mixed with English", "emoji 🙂🙃 and ünïcödé", "a" * 120 + " b",
        "don't  stop...   believin'?!", "zero\u200bwidth and \u00a0 no-break \u3000 wide", "x" * 3 + " " + "word " * 200, "ＦＵＬＬｗｉｄｔｈ ½ ² ﬁ",
        "co-op [MASK] [SEP] [CLS] <s> </s>", "1,234.56 $9.99 50% #tag @user http://a.b/c?d=e&f", "İstanbul ǅ ß ẞ", "\u0301 lone accent", "."]


class TokenizerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = eida.Bench()
        cls.tokenizer = peer.tokenizer()

    @classmethod
    def tearDownClass(cls):
        cls.bench.close()

    def compare(self, path, rows, max_length, paired=False):
        """`rows`: the texts of the file (pairs when `paired`), in order."""
        columns = {"text": "text", "label": "label", **({"text_pair": "other"} if paired else {})}
        data = {"task": "classification", "format": "tsv", "columns": columns, "max_length": max_length, "limit": {},
                "splits": [{"name": "train", "digest": eida.digest(path)}]}
        ours = self.bench.states("train", inputs={"data/train": path}, data=data)
        self.assertEqual(ours["item"].tolist(), list(range(len(rows))))
        theirs = self.tokenizer([r[0] for r in rows], [r[1] for r in rows] if paired else None, truncation=True,
                                max_length=max_length, return_special_tokens_mask=True)
        starts, different = ours["starts"].tolist(), []
        for i, (ids, types) in enumerate(zip(theirs["input_ids"], theirs["token_type_ids"], strict=True)):
            part = slice(starts[i], starts[i + 1])
            if ours["ids"][part].tolist() != ids or ours["types"][part].tolist() != types:
                different.append(rows[i])
        limits.check(self, "token ids", len(different), f"{different[:3]}")
        return ours, theirs

    def write(self, rows, header):
        path = self.bench.path(f"rows{self.bench.count}.tsv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\t".join(header) + "\n" + "".join("\t".join([*row, "0"]) + "\n" for row in rows))
        return path

    def test_every_text_of_the_demo(self):
        rows = [(text,) for text, _ in eida.rows()]
        self.assertGreater(len(rows), 10000)
        for max_length in (eida.MAX_LENGTH, 16):
            with self.subTest(max_length=max_length):
                ours, _ = self.compare(eida.REVIEWS, rows, max_length)
                longest = int((ours["starts"][1:] - ours["starts"][:-1]).max())
                self.assertEqual(longest, max_length, "truncation is exercised")

    def test_texts_that_are_hard_to_cut(self):
        rows = [(text,) for text in HARD]
        self.compare(self.write(rows, ("text", "label")), rows, 64)

    def test_pairs_are_cut_at_the_longer_text(self):
        texts = [text for text, _ in eida.rows()[:200]]
        rows = list(zip(texts, reversed(texts)))
        self.compare(self.write(rows, ("text", "other", "label")), rows, 24, paired=True)


if __name__ == "__main__":
    unittest.main()
