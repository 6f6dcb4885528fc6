#!/usr/bin/env python3
"""Tokenising a column of texts: Eida's engine beside Python's `tokenizers`, in turns, with the same number of threads.

Prints tokens per second and the ratio (above 1: the engine is faster): `first` is what a study pays, one pass over texts that nothing
is known of yet; `again` is the best of the passes after it. Python's time includes the lists of ids, its result in our sense.
"""

import argparse
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

PEER = """
import json, sys, time, tokenizers
path, rows, length, rounds, call = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
own = tokenizers.Tokenizer.from_file(path)
own.no_padding()
own.enable_truncation(length)
with open(rows, encoding="utf-8") as file:
    texts = [line.split("\\t")[0] for line in file.read().split("\\n")[1:] if line]
seconds, tokens = [], 0
for _ in range(rounds):
    begin = time.perf_counter()
    ids = [encoding.ids for encoding in getattr(own, call)(texts)]
    seconds.append(time.perf_counter() - begin)
    tokens = sum(map(len, ids))
print(json.dumps({"tokens": tokens, "seconds": seconds}))
"""


def run(command, threads):
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true"}
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def measure(arguments, path, threads):
    """{who: {"first", "again"}} in tokens per second, the best of two turns each."""
    tail = [path, arguments.rows, str(arguments.max_length)]
    commands = {"eida": [os.path.join(arguments.bin, "eida_tokenizer_bench"), *tail, str(threads), str(arguments.rounds)]}
    for call in ("encode_batch", "encode_batch_fast"):
        commands[call] = [arguments.python, "-c", PEER, *tail, str(arguments.rounds), call]
    results = {who: [] for who in commands}
    for _ in range(2):
        for who, command in commands.items():
            results[who].append(run(command, threads))
    tokens = {result["tokens"] for turns in results.values() for result in turns}
    if len(tokens) != 1:
        sys.exit(f"tokenizer_bench: error: {path}: token counts differ: {sorted(tokens)}")
    count = tokens.pop()
    return {who: {"first": count / min(t["seconds"][0] for t in turns), "again": count / min(min(t["seconds"][1:]) for t in turns)}
            for who, turns in results.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    demo = os.path.join(ROOT, ".deps/demo")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"), help="where eida_tokenizer_bench is")
    parser.add_argument("--python", default=os.path.join(ROOT, ".deps/parity-venv/bin/python"))
    parser.add_argument("--rows", default=os.environ.get("EIDA_BENCH_ROWS", os.path.join(demo, "reviews.tsv")),
                        help="a TSV file with a header whose first column is text (EIDA_BENCH_ROWS; default: the demo's reviews)")
    parser.add_argument("--tokenizers", nargs="+", default=os.environ.get("EIDA_BENCH_TOKENIZERS", "").split() or
                        [os.path.join(demo, "model/tokenizer.json")], help="tokenizer.json files (EIDA_BENCH_TOKENIZERS; default: the demo's)")
    parser.add_argument("--max-length", type=int, default=64)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--out", help="write the figures there as JSON")
    arguments = parser.parse_args()
    table = []
    print(f"{'tokenizer':<24}{'threads':>8}{'pass':>7}{'eida':>12}{'encode_batch':>14}{'.._fast':>12}  tokens/s   ratio to the faster one")
    for path in arguments.tokenizers:
        name = os.path.basename(os.path.dirname(os.path.abspath(path)))
        for threads in arguments.threads:
            rates = measure(arguments, path, threads)
            for which in ("first", "again"):
                eida, slow, fast = (rates[who][which] for who in ("eida", "encode_batch", "encode_batch_fast"))
                ratio = eida / max(slow, fast)
                print(f"{name:<24}{threads:>8}{which:>7}{eida:>12.0f}{slow:>14.0f}{fast:>12.0f}{'':>12}{ratio:.2f}", flush=True)
                table.append({"tokenizer": name, "threads": threads, "pass": which, "eida": eida, "encode_batch": slow,
                              "encode_batch_fast": fast, "ratio": ratio})
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump(table, file, indent=1)


if __name__ == "__main__":
    main()
