"""What do contextual vectors bring? The same classifier or tagger on six kinds of input.

    python3 tests/reference/arms.py --task classify --train train.tsv --dev dev.tsv \\
        --model DIR --embeddings FILE.vec --output FOLDER -- --encoder lstm --bidirectional

The arms: `scratch`, word vectors learned from the task alone; `static`, begun with those of a
word2vec, fastText or GloVe file; `layer 0`, the language models' vectors without context; `mixed`,
all their layers, mixed; `both`, mixed beside learned ones; `both static`, mixed beside those of
the file, which learn on. What stands behind `--` goes to each `elmo train`. A task that is in
FOLDER already is taken from there.
Prints a table: the mean of the seeds with its standard deviation, for accuracies the Wilson 95 %
interval of the mean, the shares of the layers, and how much of the error against `scratch` and
`static` is gone; above it what needs no network: naive Bayes over words and pairs of words
(--characters: two and three characters) or the most frequent tag of a word, for entities those of
the training set found again.
"""
import argparse
import collections
import json
import math
import pathlib
import subprocess
import sys

from dumped_vectors import parse_with_options, wilson


def static(a):
    return ["--embeddings", a.embeddings, "--embedding-words", "20000"]


ARMS = {
    "scratch": lambda a: ["--inputs", "embedding"],
    "static": lambda a: ["--inputs", "embedding", *static(a)],
    "layer 0": lambda a: ["--inputs", "elmo", "--model", a.model, "--elmo-layers", "0"],
    "mixed": lambda a: ["--inputs", "elmo", "--model", a.model],
    "both": lambda a: ["--inputs", "elmo,embedding", "--model", a.model],
    "both static": lambda a: ["--inputs", "elmo,embedding", "--model", a.model, *static(a)],
}


def lines_of(path):
    return pathlib.Path(path).read_text(encoding="utf-8").splitlines()


def read_texts(path):
    """[(label, text)]"""
    return [tuple(line.split("\t", 1)) for line in lines_of(path) if line]


def read_sentences(path):
    """[[(token, tag)]]"""
    sentences = [[]]
    for line in lines_of(path):
        if line:
            sentences[-1].append(tuple(line.split("\t")[:2]))
        elif sentences[-1]:
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def grams(text, characters):
    if characters:
        return [text[i:i + n] for n in (2, 3) for i in range(len(text) - n + 1)]
    words = text.split()
    return words + [" ".join(pair) for pair in zip(words, words[1:])]


def naive_bayes(train, dev, characters):
    """Accuracy of the multinomial model with one added to each count."""
    counts, classes = collections.defaultdict(collections.Counter), collections.Counter()
    for label, text in train:
        classes[label] += 1
        counts[label].update(grams(text, characters))
    vocabulary = len(set().union(*counts.values()))
    totals = {label: sum(counts[label].values()) + vocabulary for label in classes}

    def score(label, text):
        return math.log(classes[label]) + sum(
            math.log((counts[label][gram] + 1) / totals[label])
            for gram in grams(text, characters))
    right = sum(max(classes, key=lambda label: score(label, text)) == actual
                for actual, text in dev)
    return right / len(dev)


def frequent_tag(train, dev):
    """Accuracy of a word's most frequent tag; the most frequent of all for a word not seen."""
    tags, all_tags = collections.defaultdict(collections.Counter), collections.Counter()
    for sentence in train:
        for token, tag in sentence:
            tags[token][tag] += 1
            all_tags[tag] += 1
    common = all_tags.most_common(1)[0][0]
    best = {token: counter.most_common(1)[0][0] for token, counter in tags.items()}
    pairs = [pair for sentence in dev for pair in sentence]
    return sum(best.get(token, common) == tag for token, tag in pairs) / len(pairs)


def entities(sentence):
    """{(begin, end, type)} of tags in BIO."""
    found, begin, kind = set(), 0, None
    for at, (_, tag) in enumerate([*sentence, ("", "O")]):
        goes_on = tag.startswith("I-") and tag[2:] == kind
        if kind is not None and not goes_on:
            found.add((begin, at, kind))
            kind = None
        if tag != "O" and not goes_on:
            begin, kind = at, tag[2:]
    return found


def known_entities(train, dev):
    """F1 of the longest entities of the training set that occur again."""
    kinds = collections.defaultdict(collections.Counter)
    for sentence in train:
        for begin, end, kind in entities(sentence):
            kinds[tuple(token for token, _ in sentence[begin:end])][kind] += 1
    longest = max(map(len, kinds))
    right = predicted = actual = 0
    for sentence in dev:
        tokens, found, at = [token for token, _ in sentence], set(), 0
        while at < len(tokens):
            for length in range(min(longest, len(tokens) - at), 0, -1):
                name = tuple(tokens[at:at + length])
                if name in kinds:
                    found.add((at, at + length, kinds[name].most_common(1)[0][0]))
                    at += length
                    break
            else:
                at += 1
        truth = entities(sentence)
        right += len(found & truth)
        predicted += len(found)
        actual += len(truth)
    return 2 * right / max(1, predicted + actual)


def baseline(arguments):
    """(name, score, number of examples that an accuracy is of; 0: an F1)."""
    if arguments.task == "classify":
        train, dev = read_texts(arguments.train), read_texts(arguments.dev)
        return "naive Bayes", naive_bayes(train, dev, arguments.characters), len(dev)
    train, dev = read_sentences(arguments.train), read_sentences(arguments.dev)
    if any(tag.startswith("B-") for sentence in train for _, tag in sentence):
        return "entities seen", known_entities(train, dev), 0
    return "most frequent tag", frequent_tag(train, dev), sum(map(len, dev))


def train_arm(arm, arguments):
    """The JSON of elmo train."""
    folder = pathlib.Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    task = folder / f"{arm.replace(' ', '')}.h5"
    report = task.with_suffix(".json")
    if not report.exists():
        command = [arguments.elmo, "train", "--task", arguments.task, "--train", arguments.train,
                   "--dev", arguments.dev, "--output", task, "--seeds", str(arguments.seeds),
                   "--overwrite", "--json", *ARMS[arm](arguments), *arguments.options]
        print(*command, file=sys.stderr)
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        report.write_bytes(done.stdout)
    return json.loads(report.read_text(encoding="utf-8"))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", choices=("classify", "tag"), required=True)
    parser.add_argument("--train", required=True)
    parser.add_argument("--dev", required=True)
    parser.add_argument("--model", help="the language models, for elmo's arms")
    parser.add_argument("--embeddings", help="word vectors, for the arm `static`")
    parser.add_argument("--output", required=True, help="folder of the trained tasks")
    parser.add_argument("--arms", nargs="+", choices=tuple(ARMS), default=list(ARMS)[:4])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--characters", action="store_true", help="of naive Bayes")
    parser.add_argument("--elmo", default="build/release/tools/elmo", help="the program")
    return parse_with_options(parser)


def main():
    arguments = parse_arguments()
    name, score, examples = baseline(arguments)

    def row(arm, mean, spread, report=None, errors=()):
        interval = ""
        if examples:
            low, high = wilson(mean * examples, examples)
            interval = f"{100 * low:.1f}-{100 * high:.1f}"
        shares = report.get("mix", {}).get("shares", []) if report else []
        less = [f"{100 * (1 - (1 - mean) / error):+.0f} %" if error else "" for error in errors]
        print(f"| {arm} | {100 * mean:.2f}{spread} | {interval} | "
              f"{' '.join(f'{100 * share:.0f}' for share in shares)} | {' | '.join(less)} |",
              flush=True)

    print("| input | dev | 95 % | shares of layers | error cut against scratch | against static |")
    print("|---|---|---|---|---|---|")
    row(name, score, "", errors=(None, None))
    errors = {}
    for arm in arguments.arms:
        report = train_arm(arm, arguments)
        mean = report["mean"]
        row(arm, mean, f" +- {100 * report['standard_deviation']:.2f}", report,
            (errors.get("scratch"), errors.get("static")))
        errors[arm] = 1 - mean


if __name__ == "__main__":
    main()
