"""How does the speed of a dump depend on length, batch and threads?

    python3 tests/reference/scaling.py --model DIR --input TEXT --words 20000

Words/s of `elmo dump --layers all --layout matrix`, loading not counted: sentences of 5 to 500
words (the text's words, cut anew), batches of 1 to 128 such sentences of 20 words, and 1 thread to
all cores. Each is the median of --repeat runs, which take turns. Prints Markdown tables.
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import tempfile

LENGTHS = (5, 10, 20, 50, 100, 200, 500)
BATCHES = (1, 8, 32, 128)
BATCH_LENGTH = 20


def words_per_second(arguments, text, folder, *options):
    output = folder / "vectors.h5"
    output.unlink(missing_ok=True)
    done = subprocess.run([arguments.elmo, "dump", "--model", arguments.model, "--input", text,
                           "--layers", "all", "--layout", "matrix", "--output", output, *options],
                          stderr=subprocess.PIPE, text=True, check=True)
    number, thousands = re.search(r"dump: done in .* ([\d.]+)(k?) words/s", done.stderr).groups()
    return float(number) * (1000 if thousands else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--input", required=True, help="text, words separated by spaces")
    parser.add_argument("--words", type=int, default=20000, help="how much of it")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--elmo", default="build/release/tools/elmo", help="the program")
    arguments = parser.parse_args()
    words = []
    with open(arguments.input, encoding="utf-8") as lines:
        for line in lines:
            words += line.split()
            if len(words) >= arguments.words:
                break
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        texts = {}
        for length in LENGTHS:
            texts[length] = folder / f"{length}.txt"
            texts[length].write_text("".join(
                " ".join(words[at:at + length]) + "\n"
                for at in range(0, len(words), length)), encoding="utf-8")
        runs = {("words a sentence", length): (texts[length],) for length in LENGTHS}
        runs |= {("sentences a batch", batch): (
            texts[BATCH_LENGTH], "--batch-size", str(batch * BATCH_LENGTH)) for batch in BATCHES}
        runs |= {("threads", threads): (texts[BATCH_LENGTH], "--threads", str(threads))
                 for threads in range(1, os.cpu_count() + 1)}
        speeds = {run: [] for run in runs}
        for _ in range(arguments.repeat):
            for run, (text, *options) in runs.items():
                speeds[run].append(words_per_second(arguments, text, folder, *options))
    for kind in dict.fromkeys(kind for kind, _ in runs):
        values = {value: speeds[kind, value] for which, value in runs if which == kind}
        print(f"| {kind} | " + " | ".join(map(str, values)) + " |")
        print("|---" * (len(values) + 1) + "|")
        print("| words/s | " + " | ".join(
            f"{statistics.median(speed):.0f}" for speed in values.values()) + " |\n")


if __name__ == "__main__":
    main()
