"""Token ids of the demo's texts, and of texts that are hard to cut, as the Python tokenizer gives them: with the demo's
tokenizer, small ones of every family, and real ones in the directory that EIDA_TOKENIZERS names (gpt2, bert-base-uncased)."""

import functools
import itertools
import json
import os
import random
import shutil
import subprocess
import tempfile
import unittest

import tokenizers
import transformers

import eida
import limits
import peer
import small_tokenizers
import texts

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

    def test_control_characters_of_a_file(self):
        rows = [(text,) for text in texts.TRAINING + texts.HARD if not any(c in text for c in "\t\n\r\x00") and text.strip()]
        self.assertGreater(len(rows), 60)
        self.compare(self.write(rows, ("text", "label")), rows, 64)


REAL = os.environ.get("EIDA_TOKENIZERS", "")


def real_directories(scratch):
    """Directories of real tokenizers, completed by the config.json without which transformers does not know their class."""
    for name, model_type in (("gpt2", "gpt2"), ("bert-base-uncased", "bert")):
        source, own = os.path.join(REAL, name, "tokenizer.json"), os.path.join(scratch, "real-" + name)
        if not os.path.exists(source):
            print(f"not compared: {source} is not there (EIDA_TOKENIZERS)")
            continue
        os.mkdir(own)
        os.symlink(os.path.abspath(source), os.path.join(own, "tokenizer.json"))
        with open(os.path.join(own, "config.json"), "w", encoding="utf-8") as file:
            json.dump({"model_type": model_type}, file)
        yield own
    yield eida.MODEL


def oracle(directory):
    if os.path.basename(directory) == "mbart-converted":  # its own class would leave the normaliser out
        return transformers.PreTrainedTokenizerFast(tokenizer_file=os.path.join(directory, "tokenizer.json"))
    return transformers.AutoTokenizer.from_pretrained(directory)


def every_tokenizer(test):
    """Runs test(self, directory, theirs) for each of them."""
    @functools.wraps(test)
    def run(self):
        for directory, theirs in self.oracles.items():
            with self.subTest(tokenizer=os.path.basename(directory)):
                test(self, directory, theirs)
    return run


class FamiliesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.mkdtemp(prefix="eida-parity-")
        directories = [*small_tokenizers.make(cls.scratch).values(), *real_directories(cls.scratch)]
        cls.oracles = {directory: oracle(directory) for directory in directories}
        cls.fuzz = texts.fuzz(4000, seed=7)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.scratch)

    def ask(self, directory, **request):
        request["tokenizer"] = os.path.join(directory, "tokenizer.json")
        files = {key: os.path.join(directory, key + ".json") for key in ("tokenizer_config", "special_tokens_map", "config")}
        request["files"] = {key: path for key, path in files.items() if os.path.exists(path)}
        paths = [os.path.join(self.scratch, name) for name in ("request.json", "answer.json")]
        with open(paths[0], "w", encoding="utf-8") as file:
            json.dump(request, file)
        subprocess.run([os.path.join(eida.BIN, "eida_tokens"), *paths], check=True)
        with open(paths[1], encoding="utf-8") as file:
            return json.load(file)

    def same(self, ours, ids, types, special, what):
        """`ids`, `types`, `special`: lists of lists."""
        self.assertNotIn("error", ours)
        starts, different = ours["starts"], []
        self.assertEqual(len(starts), len(ids) + 1)
        for i, row in enumerate(zip(ids, types, special, strict=True)):
            part = slice(starts[i], starts[i + 1])
            if (ours["ids"][part], ours["types"][part], ours["special"][part]) != row:
                different.append(what[i])
        limits.check(self, "token ids", len(different), f"{different[:3]!r:.500}")

    def compare(self, directory, theirs, singles, pairs=None, add_special_tokens=True, **options):
        request = {"texts": singles, "pairs": pairs, "special_tokens": add_special_tokens, **options}
        ours = self.ask(directory, encode=[request])["encode"][0]
        cut = {"max_length": options["max_length"], "truncation": options.get("truncation", True)} if "max_length" in options else {}
        wanted = theirs(singles, pairs, add_special_tokens=add_special_tokens, return_token_type_ids=True,
                        return_special_tokens_mask=True, **cut)
        self.same(ours, wanted["input_ids"], wanted["token_type_ids"], wanted["special_tokens_mask"],
                  list(zip(singles, pairs)) if pairs else singles)
        return ours

    @every_tokenizer
    def test_ten_languages_hard_texts_and_long_lines(self, directory, theirs):
        rows = texts.TRAINING + texts.HARD + texts.long_lines()
        self.compare(directory, theirs, rows, threads=2)
        self.compare(directory, theirs, rows, add_special_tokens=False)

    @every_tokenizer
    def test_mixed_strings(self, directory, theirs):
        self.compare(directory, theirs, self.fuzz, threads=2)
        self.compare(directory, theirs, self.fuzz[:500], threads=1)

    @every_tokenizer
    def test_pairs_and_truncation(self, directory, theirs):
        singles = (texts.TRAINING + texts.HARD + self.fuzz)[:400]
        pairs = singles[::-1]
        self.compare(directory, theirs, singles, pairs)
        for length in (4, 5, 7, 16, 33):
            self.compare(directory, theirs, singles, max_length=length)
            self.compare(directory, theirs, singles, pairs, max_length=length, threads=2)
            self.compare(directory, theirs, singles, pairs, max_length=length, add_special_tokens=False)

    @every_tokenizer
    def test_only_one_text_gives_way(self, directory, theirs):
        long, short = " ".join(texts.TRAINING), ["a b", "", "x"]
        for truncation, side in itertools.product(("only_first", "only_second"), (0, 1)):
            rows = [[long] * 3, short][::1 if side == 0 else -1]
            if side == (0 if truncation == "only_first" else 1):
                self.compare(directory, theirs, *rows, max_length=12, truncation=truncation)
                continue
            ours = self.ask(directory, encode=[{"texts": rows[0], "pairs": rows[1], "max_length": 12, "truncation": truncation}])
            self.assertIn("item 0: only one text may be cut", ours["encode"][0]["error"])
            with self.assertRaisesRegex(Exception, "too short"):
                theirs(*rows, max_length=12, truncation=truncation)
        ours = self.ask(directory, encode=[{"texts": [long], "max_length": 12, "truncation": "only_second"}])
        self.assertIn("there is none", ours["encode"][0]["error"])

    @every_tokenizer
    def test_no_room_for_the_special_tokens(self, directory, theirs):
        # The library's own subtraction runs below zero there, and it cuts nothing.
        added = theirs.num_special_tokens_to_add(True)
        if added < 2:
            return
        ours = self.ask(directory, encode=[{"texts": ["a b"], "pairs": ["c"], "max_length": added - 1}])["encode"][0]
        self.assertIn(f"item 0: max_length is {added - 1}, and {added} special tokens are added", ours["error"])
        self.compare(directory, theirs, ["a b"], ["c"], max_length=added)

    @every_tokenizer
    def test_text_again(self, directory, theirs):
        draw = random.Random(11)
        rows = texts.TRAINING + texts.HARD + self.fuzz[:600]
        ids = theirs(rows)["input_ids"]
        # Cut anywhere, so that byte-level tokens end inside a character, and ids at random, some of which are no token.
        ids += [row[draw.randrange(len(row) + 1):][:draw.randrange(9)] for row in ids]
        ids += [[draw.randrange(len(theirs) + 50) for _ in range(draw.randrange(12))] for _ in range(600)]
        asked = list(itertools.product((False, True), (False, True)))
        ours = self.ask(directory, decode=[{"ids": ids, "skip_special_tokens": skip, "clean_up": clean} for skip, clean in asked])
        for (skip, clean), answer in zip(asked, ours["decode"], strict=True):
            wanted = [theirs.decode(row, skip_special_tokens=skip, clean_up_tokenization_spaces=clean) for row in ids]
            different = [pair for pair in zip(wanted, answer, strict=True) if pair[0] != pair[1]]
            limits.check(self, "decoded text", len(different), f"skip {skip} clean {clean}: {different[:3]!r:.500}")

    @every_tokenizer
    def test_roles_and_vocabulary(self, directory, theirs):
        ours = self.ask(directory)
        wanted = {role: getattr(theirs, role + "_token_id") for role in ("bos", "eos", "unk", "sep", "pad", "cls", "mask")}
        if os.path.basename(directory) != "mbart-converted":  # its oracle is of no class
            self.assertEqual(ours["settings"], wanted)
        self.assertEqual(ours["vocabulary"], max(theirs.get_vocab().values()) + 1)

    def test_special_tokens_map_of_older_directories(self):
        directory = os.path.join(self.scratch, "older")
        shutil.copytree(os.path.join(self.scratch, "roberta"), directory)
        for name, content in (("tokenizer_config", {"tokenizer_class": "RobertaTokenizer", "pad_token": "<unk>", "sep_token": "<s>"}),
                              ("special_tokens_map", {"pad_token": {"content": "</s>", "lstrip": False, "rstrip": False, "normalized": True}})):
            with open(os.path.join(directory, name + ".json"), "w", encoding="utf-8") as file:
                json.dump(content, file)
        theirs = transformers.AutoTokenizer.from_pretrained(directory)
        ours = self.ask(directory)["settings"]
        self.assertEqual(ours, {role: getattr(theirs, role + "_token_id") for role in ours})
        self.assertEqual((ours["pad"], ours["sep"]), (2, 0))

    def test_languages_of_mbart(self):
        directory = os.path.join(self.scratch, "mbart")
        rows = texts.TRAINING + self.fuzz[:200]
        for source, target in (("en_XX", "ro_RO"), ("ro_RO", "en_XX"), ("zh_CN", "ar_AR")):
            theirs = transformers.MBartTokenizer.from_pretrained(directory, src_lang=source, tgt_lang=target)
            for language, wanted in ((source, theirs(rows, max_length=20, truncation=True, return_special_tokens_mask=True, return_token_type_ids=True)),
                                     (target, theirs(text_target=rows, max_length=20, truncation=True, return_special_tokens_mask=True,
                                                     return_token_type_ids=True))):
                ours = self.ask(directory, encode=[{"texts": rows, "max_length": 20, "language": language}])["encode"][0]
                self.same(ours, wanted["input_ids"], wanted["token_type_ids"], wanted["special_tokens_mask"], rows)
            pairs = rows[::-1]
            ours = self.ask(directory, encode=[{"texts": rows, "pairs": pairs, "max_length": 20, "language": source}])["encode"][0]
            wanted = theirs(rows, pairs, max_length=20, truncation=True, return_special_tokens_mask=True, return_token_type_ids=True)
            self.same(ours, wanted["input_ids"], wanted["token_type_ids"], wanted["special_tokens_mask"], rows)
        ours = self.ask(directory, encode=[{"texts": ["a"], "language": "xx_XX"}])["encode"][0]
        self.assertIn('has no language code "xx_XX"', ours["error"])

    def test_the_normaliser_of_sentencepiece_is_in_use(self):
        own = tokenizers.Tokenizer.from_file(os.path.join(self.scratch, "mbart-converted", "tokenizer.json"))
        self.assertEqual(own.normalizer.normalize_str("ﬁn\u00a0½ e\u0301\u00ad  b "), "fin 1⁄2 é▁b")


if __name__ == "__main__":
    unittest.main()
