"""Small tokenizers of every family, trained on texts.TRAINING and written by transformers' own classes.

Run as a script it writes tests/golden/tokenizers: the tokenizers, and what Python makes of texts.HARD with them.
"""

import base64
import hashlib
import json
import os
import shutil
import struct
import tempfile

import tokenizers
import transformers
from tokenizers import models, normalizers, pre_tokenizers, trainers

import texts

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "../golden/tokenizers")
SIZE = 700
LANGUAGES = ["ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN", "hi_IN", "it_IT", "ja_XX", "kk_KZ", "ko_KR",
             "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO", "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN"]  # mBART-cc25's order


def trained(model, trainer, normalizer=None, pre_tokenizer=None):
    tokenizer = tokenizers.Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.train_from_iterator(texts.TRAINING, trainer)
    return json.loads(tokenizer.to_str())["model"]


def word_piece(lower):
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    model = trained(models.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer(vocab_size=SIZE, special_tokens=special, show_progress=False),
                    normalizers.BertNormalizer(lowercase=lower), pre_tokenizers.BertPreTokenizer())
    return transformers.BertTokenizer(vocab=model["vocab"], do_lower_case=lower)


def byte_level(add_prefix_space, special):
    model = trained(models.BPE(), trainers.BpeTrainer(vocab_size=SIZE, special_tokens=special, show_progress=False,
                                                      initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())),
                    pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space))
    return {"vocab": model["vocab"], "merges": [tuple(merge) for merge in model["merges"]], "add_prefix_space": add_prefix_space}


def roberta(add_prefix_space):
    parts = byte_level(add_prefix_space, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    return transformers.RobertaTokenizer(mask_token=tokenizers.AddedToken("<mask>", lstrip=True, special=True), **parts)


def gpt2(add_prefix_space):
    return transformers.GPT2Tokenizer(**byte_level(add_prefix_space, ["<|endoftext|>"]))


def mbart():
    model = trained(models.Unigram(), trainers.UnigramTrainer(vocab_size=SIZE, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], unk_token="<unk>",
                                                              show_progress=False),
                    pre_tokenizer=pre_tokenizers.Metaspace())
    vocab = [(piece, score) for piece, score in model["vocab"]] + [(code, 0.0) for code in LANGUAGES] + [("<mask>", 0.0)]
    return transformers.MBartTokenizer(vocab=vocab, src_lang="en_XX", tgt_lang="ro_RO")


def charsmap(mapping):
    """SentencePiece's precompiled normaliser for {text: text}: a double array over bytes (as darts-clone lays it out), and the texts."""
    values, blob = {}, b""
    for key in sorted(mapping, key=str.encode):
        values[key.encode() + b"\0"] = len(blob)
        blob += mapping[key].encode() + b"\0"
    units, taken = [0] * 256, {0}

    def build(at, prefix):
        labels = sorted({key[len(prefix)] for key in values if key.startswith(prefix)})
        base = next(b for b in range(1, 2000) if all(b ^ label not in taken for label in labels) and (at ^ b) < 1 << 21)
        taken.update(base ^ label for label in labels)
        units.extend([0] * max(0, (base | 255) + 1 - len(units)))
        units[at] |= (at ^ base) << 10 | (1 << 8 if 0 in labels else 0)
        for label in labels:
            key = prefix + bytes([label])
            if label == 0:
                units[base] = values[key] | 1 << 31
            else:
                units[base ^ label] |= label
                build(base ^ label, key)

    build(0, b"")
    return struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + blob


def mbart_as_converted(directory):
    """The tokenizer.json that SentencePiece's mBART became on its conversion: with its normaliser, and one Metaspace."""
    saved(mbart(), directory)
    path = os.path.join(directory, "tokenizer.json")
    with open(path, encoding="utf-8") as file:
        made = json.load(file)
    table = {"\u00a0": " ", "\u3000": " ", "\n": " ", "\t": " ", "\r": " ", "\u200b": " ", "ﬁ": "fi", "½": "1⁄2", "Ａ": "A", "Ｆ": "F", "①": "1", "㎏": "kg",
             "e\u0301": "é", "\u00ad": "", "\x7f": ""}
    made["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap(table)).decode()},
        {"type": "Strip", "strip_left": False, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]}
    made["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(made, file, ensure_ascii=False, separators=(",", ":"))


def saved(tokenizer, directory):
    tokenizer.save_pretrained(directory)


FAMILIES = {
    "bert-uncased": lambda d: saved(word_piece(True), d), "bert-cased": lambda d: saved(word_piece(False), d),
    "roberta": lambda d: saved(roberta(False), d), "roberta-prefix": lambda d: saved(roberta(True), d),
    "gpt2": lambda d: saved(gpt2(False), d), "gpt2-prefix": lambda d: saved(gpt2(True), d),
    "mbart": lambda d: saved(mbart(), d), "mbart-converted": mbart_as_converted,
}


def make(directory):
    """A Hugging Face directory of each family under `directory`; {name: path}."""
    made = {}
    for name, write in FAMILIES.items():
        made[name] = os.path.join(directory, name)
        write(made[name])
    return made


def digest(ids):
    return hashlib.sha256(",".join(map(str, ids)).encode()).hexdigest()[:16]


def numbers(path):
    """What the unit tests compare: ids of short texts, digests of the ids of long ones, pairs, truncation, text again."""
    own = tokenizers.Tokenizer.from_file(os.path.join(path, "tokenizer.json"))
    short = texts.TRAINING[::3] + texts.HARD
    pairs = list(zip(texts.TRAINING[:8], texts.TRAINING[8:16])) + [("", "x y"), ("x y", ""), ("", "")]
    encoded = own.encode_batch(short)
    truncated = {}
    for length in (4, 5, 7, 12):
        own.enable_truncation(length)
        truncated[str(length)] = [[e.ids, e.type_ids, e.special_tokens_mask] for e in own.encode_batch(pairs)]
    own.no_truncation()
    return {"ids": [e.ids for e in encoded], "special": [digest(e.special_tokens_mask) for e in encoded],
            "plain": [digest(own.encode(t, add_special_tokens=False).ids) for t in short],
            "long": [digest(own.encode(t).ids) for t in texts.long_lines()], "pairs": truncated,
            "text": [own.decode(e.ids, skip_special_tokens=True) for e in encoded[::3]],
            "all_text": [own.decode(e.ids, skip_special_tokens=False) for e in encoded[1::5]]}


def main():
    golden = {"texts": texts.TRAINING[::3] + texts.HARD, "pairs": texts.TRAINING[:16], "training": texts.TRAINING, "tokenizers": {}}
    with tempfile.TemporaryDirectory() as scratch:
        for name, path in make(scratch).items():
            if name in ("gpt2-prefix", "roberta"):
                continue  # the other one of each kind is enough here; the parity tests have all
            golden["tokenizers"][name] = numbers(path)
            with open(os.path.join(path, "tokenizer.json"), encoding="utf-8") as file:
                content = json.load(file)
            with open(os.path.join(GOLDEN, name + ".json"), "w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False, separators=(",", ":"))
            if name == "mbart":
                shutil.copy(os.path.join(path, "tokenizer_config.json"), os.path.join(GOLDEN, "mbart_config.json"))
    with open(os.path.join(GOLDEN, "golden.json"), "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
