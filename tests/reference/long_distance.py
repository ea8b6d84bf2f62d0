"""How far back does a recurrent network remember? Accuracy by the distance of a cue.

    python3 corpora/distance.py --output DATA
    python3 tests/reference/long_distance.py --data DATA --output FOLDER -- --epochs 20
    elmo plot distance FOLDER/accuracy.tsv --output distance.svg

Trains rnn, lstm and gru, one way and both ways, each on DATA/train.tsv with words learned from
scratch, and evaluates them on DATA/dev.tsv by the distances in DATA/dev.places.tsv. What stands
behind `--` goes to each `elmo train`; what is in FOLDER already is taken from there. Prints a table
and writes FOLDER/accuracy.tsv (series<TAB>distance<TAB>accuracy).
"""
import argparse
import json
import pathlib
import subprocess
import sys

import dumped_vectors


def run(*command):
    print(*command, file=sys.stderr)
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, check=True,
                          text=True).stdout


def accuracies(name, encoder, arguments):
    """{distance: accuracy}"""
    task = arguments.output / f"{name.replace(' ', '-')}.h5"
    if not task.exists():
        run(arguments.elmo, "train", "--task", "classify", "--train",
            arguments.data / "train.tsv", "--dev", arguments.data / "dev.tsv", "--inputs",
            "embedding", "--output", task, "--overwrite", *encoder, *arguments.options)
    result = json.loads(run(arguments.elmo, "evaluate", "--task", task, "--input",
                            arguments.data / "dev.tsv", "--places",
                            arguments.data / "dev.places.tsv", "--json"))
    return {row["distance"]: row["accuracy"] for row in result["distances"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--elmo", default="build/release/tools/elmo", help="the program")
    arguments = dumped_vectors.parse_with_options(parser)
    arguments.output.mkdir(parents=True, exist_ok=True)
    rows, header = [], None
    for cell in ("rnn", "lstm", "gru"):
        for ways in ([], ["--bidirectional"]):
            name = f"{cell} both ways" if ways else cell
            by_distance = accuracies(name, ["--encoder", cell, *ways], arguments)
            if header is None:
                header = list(by_distance)
                print("| | " + " | ".join(map(str, header)) + " |")
                print("|---" * (len(header) + 1) + "|")
            print(f"| {name} | " + " | ".join(f"{by_distance[d]:.2f}" for d in header) + " |",
                  flush=True)
            rows += [f"{name}\t{distance}\t{share}" for distance, share in by_distance.items()]
    dumped_vectors.write_lines(arguments.output / "accuracy.tsv", rows)


if __name__ == "__main__":
    main()
