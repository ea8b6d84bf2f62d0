"""Do vectors of a word in context know its sense? Nearest neighbours on labelled occurrences.

    python3 tests/reference/senses.py --data train.tsv --prepare OUT.txt
    elmo dump --model DIR --input OUT.txt --layout matrix --output OUT.h5
    python3 tests/reference/senses.py --data train.tsv --vectors OUT.h5

Data: word<TAB>sense<TAB>token index (from 0)<TAB>sentence of tokens separated by single spaces.
Split: a line is dev where the MD5 of its UTF-8 bytes (without the newline) is odd, else train.
For each dev occurrence, among the train occurrences of the same word, by cosine:

    1-NN, 3-NN, 5-NN   the sense of the nearest; the vote of k (a tie: the nearest of the tied)
    centroid           the sense whose mean of unit vectors is nearest

beside baselines from the text alone: the word's most frequent sense, and a logistic regression
(one a word, L2, C = 1) on the bag of the eight tokens on either side, lower-cased.
Accuracy comes with its Wilson 95 % interval; macro recall is the mean over the (word, sense)
pairs that occur in dev. Layers are the rows of the dump: dump --layers all.
"""
import argparse
import collections
import hashlib
import json

import numpy

import dumped_vectors

WINDOW = 8

Example = collections.namedtuple("Example", "word sense index tokens text is_dev")


def read_examples(path):
    examples = []
    for number, (word, sense, index, text, line) in enumerate(dumped_vectors.read_tsv(path, 4), 1):
        tokens = text.split(" ")
        if not index.isdigit() or int(index) >= len(tokens):
            raise SystemExit(f"{path}:{number}: token {index} of {len(tokens)}")
        is_dev = hashlib.md5(line.encode("utf-8")).digest()[-1] % 2 == 1
        examples.append(Example(word, sense, int(index), tokens, text, is_dev))
    return examples


def target_vectors(examples, dump):
    """(examples, layers, dimension)."""
    result = []
    for number, example in enumerate(examples):
        start = sum(len(token) + 1 for token in example.tokens[:example.index])
        end = start + len(example.tokens[example.index])
        result.append(dump.target(number, example.text, start, end))
    return numpy.stack(result)


def groups(examples):
    """Per word: (train indices, dev indices)."""
    result = collections.defaultdict(lambda: ([], []))
    for i, example in enumerate(examples):
        result[example.word][example.is_dev].append(i)
    return result.values()


def vote(senses):
    """The commonest of senses (nearest first); of the tied, the one that comes first."""
    counts = collections.Counter(senses)  # keeps the order of first occurrence
    return max(counts, key=counts.get)


def neighbour_predictions(examples, vectors, center):
    """Method -> {dev index: sense}, by cosine of vectors (examples, dimension)."""
    predictions = {name: {} for name in ("1-NN", "3-NN", "5-NN", "centroid")}
    if center:
        vectors = vectors - vectors[[not e.is_dev for e in examples]].mean(axis=0)
    vectors = dumped_vectors.normalised(vectors)
    for train, dev in groups(examples):
        if not train:
            continue
        senses = numpy.array([examples[i].sense for i in train])
        order = numpy.argsort(-(vectors[dev] @ vectors[train].T), axis=1, kind="stable")
        kinds = sorted(set(senses))
        centroids = dumped_vectors.normalised(
            numpy.stack([vectors[train][senses == kind].mean(axis=0) for kind in kinds]))
        nearest = (vectors[dev] @ centroids.T).argmax(axis=1)
        for row, i in enumerate(dev):
            for k in (1, 3, 5):
                predictions[f"{k}-NN"][i] = vote(senses[order[row, :k]])
            predictions["centroid"][i] = kinds[nearest[row]]
    return predictions


def most_frequent(examples):
    predictions = {}
    for train, dev in groups(examples):
        if train:
            sense = vote(examples[i].sense for i in train)
            predictions.update((i, sense) for i in dev)
    return predictions


def softmax(logits):
    logits = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return logits / logits.sum(axis=1, keepdims=True)


def fit_logistic(x, labels, classes, steps=300):
    """Minimises sum of the losses + half the squared weights (not of the bias, the last row) by
    accelerated gradient descent; x ends in a column of ones."""
    wanted = numpy.eye(classes)[labels]
    decay = numpy.ones((x.shape[1], 1))
    decay[-1] = 0
    rate = 1 / (0.5 * numpy.linalg.norm(x, 2) ** 2 + 1)
    weights = ahead = numpy.zeros((x.shape[1], classes))
    for step in range(steps):
        gradient = x.T @ (softmax(x @ ahead) - wanted) + decay * ahead
        new = ahead - rate * gradient
        ahead = new + step / (step + 3) * (new - weights)
        weights = new
    return weights


def context(example):
    at = example.index
    tokens = example.tokens[max(0, at - WINDOW):at] + example.tokens[at + 1:at + 1 + WINDOW]
    return {token.lower() for token in tokens}


def logistic_regression(examples):
    predictions = {}
    for train, dev in groups(examples):
        if not train or not dev:
            continue
        kinds = sorted({examples[i].sense for i in train})
        columns = {token: column for column, token in
                   enumerate(sorted(set().union(*(context(examples[i]) for i in train))))}

        def features(indices):
            x = numpy.zeros((len(indices), len(columns) + 1))
            x[:, -1] = 1
            for row, i in enumerate(indices):
                x[row, [columns[t] for t in context(examples[i]) if t in columns]] = 1
            return x
        labels = [kinds.index(examples[i].sense) for i in train]
        weights = fit_logistic(features(train), labels, len(kinds))
        best = (features(dev) @ weights).argmax(axis=1)
        predictions.update((i, kinds[k]) for i, k in zip(dev, best))
    return predictions


def score(examples, predictions):
    """Accuracy, its interval, macro recall. A word never seen in train counts as wrong."""
    seen, right = collections.Counter(), collections.Counter()
    for i, example in enumerate(examples):
        if example.is_dev:
            seen[example.word, example.sense] += 1
            right[example.word, example.sense] += predictions.get(i) == example.sense
    total, hits = sum(seen.values()), sum(right.values())
    return {"accuracy": hits / total, "interval": dumped_vectors.wilson(hits, total),
            "macro_recall": float(numpy.mean([right[key] / seen[key] for key in seen]))}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="labelled occurrences (TSV)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--prepare", metavar="OUT.txt", help="write the text to dump")
    what.add_argument("--vectors", metavar="FILE.h5", help="evaluate its dump")
    what.add_argument("--baselines", action="store_true", help="the baselines alone")
    parser.add_argument("--layers", nargs="+", help="such as 1 2 mix (default: each, and mix)")
    parser.add_argument("--split", choices=dumped_vectors.SPLITS, default="spaces",
                        help="of the model that dumped")
    parser.add_argument("--center", action="store_true",
                        help="subtract the mean of the train vectors first")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    examples = read_examples(arguments.data)
    if arguments.prepare:
        dumped_vectors.write_lines(arguments.prepare, (e.text for e in examples))
        return
    dev = sum(e.is_dev for e in examples)
    if dev in (0, len(examples)):
        raise SystemExit(f"{arguments.data}: too few lines for a train and a dev half")
    results = {("most frequent sense", "-"): most_frequent(examples),
               ("logistic regression on words", "-"): logistic_regression(examples)}
    if arguments.vectors:
        dump = dumped_vectors.DumpedVectors(arguments.vectors, arguments.split)
        layers = dumped_vectors.select_layers(target_vectors(examples, dump), arguments.layers)
        for layer, vectors in layers.items():
            for method, found in neighbour_predictions(examples, vectors, arguments.center).items():
                results[method, layer] = found
    scores = [{"method": method, "layer": layer, **score(examples, predictions)}
              for (method, layer), predictions in results.items()]
    if arguments.json:
        print(json.dumps({"train": len(examples) - dev, "dev": dev, "centered": arguments.center,
                          "scores": scores}))
        return
    print(f"{len(examples) - dev} train, {dev} dev occurrences"
          f"{'; vectors centred on train' if arguments.center else ''}")
    print(f"{'method':<30}{'layer':<26}{'accuracy':>9}  {'95 %':<14}{'macro recall':>12}")
    for s in scores:
        low, high = s["interval"]
        print(f"{s['method']:<30}{s['layer']:<26}{100 * s['accuracy']:>9.1f}  "
              f"{f'{100 * low:.1f}-{100 * high:.1f}':<14}{100 * s['macro_recall']:>12.1f}")


if __name__ == "__main__":
    main()
