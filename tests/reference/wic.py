"""Is a word used in the same sense in two sentences? By a threshold on the cosine of its vectors.

    python3 tests/reference/wic.py --train train.tsv --dev dev.tsv --prepare OUT.txt
    elmo dump --model DIR --input OUT.txt --layout matrix --output OUT.h5
    python3 tests/reference/wic.py --train train.tsv --dev dev.tsv --vectors OUT.h5

Data: T or F<TAB>word<TAB>start1<TAB>end1<TAB>start2<TAB>end2<TAB>sentence1<TAB>sentence2; offsets
in code points, the end exclusive. The vector of a target is that of the word which holds the span,
in Korean the stem with its particle (an eojeol); with --spans the span is a word of its own. The
text to dump is sentence1 and sentence2 of each line of train, then of dev.
"Same" is predicted above a threshold, the one with the best accuracy on train, for each layer.
Beside it: whether the sentences share a word other than the target's, and always the same answer.
Accuracy on dev comes with its Wilson 95 % interval; `*` marks the layer that is best on train.
Layers are the rows of the dump: dump --layers all.
"""
import argparse
import collections
import json

import numpy

import dumped_vectors

Pair = collections.namedtuple("Pair", "same word spans sentences")


def read_pairs(path):
    pairs = []
    for number, fields in enumerate(dumped_vectors.read_tsv(path, 8), 1):
        label, word, *offsets = fields[:6]
        sentences = fields[6:8]
        if label not in ("T", "F") or not all(offset.isdigit() for offset in offsets):
            raise SystemExit(f"{path}:{number}: T or F, a word and four offsets belong here")
        a, b, c, d = map(int, offsets)
        if not (a < b <= len(sentences[0]) and c < d <= len(sentences[1])):
            raise SystemExit(f"{path}:{number}: offsets beyond the sentence")
        pairs.append(Pair(label == "T", word, ((a, b), (c, d)), sentences))
    if not pairs:
        raise SystemExit(f"{path}: holds no pairs")
    return pairs


def cut_out(pair):
    """The pair with a space on either side of its spans."""
    sentences = [f"{text[:start]} {text[start:end]} {text[end:]}"
                 for text, (start, end) in zip(pair.sentences, pair.spans)]
    return pair._replace(sentences=sentences,
                         spans=tuple((start + 1, end + 1) for start, end in pair.spans))


def share_a_word(pair, split):
    """Do the sentences have a word in common beside those that hold the target?"""
    words = [{text[a:b] for a, b in dumped_vectors.word_spans(text, split)
              if (b <= start or a >= end) and any(map(str.isalnum, text[a:b]))}
             for text, (start, end) in zip(pair.sentences, pair.spans)]
    return bool(words[0] & words[1])


def pair_vectors(pairs, dump, context):
    """(pairs, 2, layers, dimension)."""
    return numpy.stack([
        numpy.stack([dump.target(2 * number + side, pair.sentences[side], *pair.spans[side],
                                 context=context)
                     for side in (0, 1)])
        for number, pair in enumerate(pairs)])


def cosines(vectors):
    """(pairs, 2, dimension) -> (pairs)."""
    unit = dumped_vectors.normalised(vectors)
    return (unit[:, 0] * unit[:, 1]).sum(axis=1)


def best_threshold(values, same):
    """Between two values (or beyond all), with the most right answers; of equals the lowest."""
    order = numpy.argsort(values, kind="stable")
    values, same = values[order], same[order]
    # right[k]: the k lowest are called different, the others the same.
    right = numpy.concatenate([[0], numpy.cumsum(~same)]) + same.sum() - numpy.concatenate(
        [[0], numpy.cumsum(same)])
    middles = (values[1:] + values[:-1]) / 2
    candidates = numpy.concatenate([[values[0] - 1], middles, [values[-1] + 1]])
    # A cut between equal values is none.
    right[1:-1][values[1:] == values[:-1]] = -1
    return candidates[right.argmax()]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, help="pairs that choose the threshold (TSV)")
    parser.add_argument("--dev", required=True, help="pairs to evaluate on (TSV)")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--prepare", metavar="OUT.txt", help="write the text to dump")
    what.add_argument("--vectors", metavar="FILE.h5", help="evaluate its dump")
    parser.add_argument("--layers", nargs="+", help="such as 1 2 mix (default: each, and mix)")
    parser.add_argument("--split", choices=dumped_vectors.SPLITS, default="spaces",
                        help="of the model that dumped")
    parser.add_argument("--spans", action="store_true",
                        help="cut the target out of its word; for --prepare and --vectors alike")
    parser.add_argument("--context", action="store_true",
                        help="the states beside the word instead of its own")
    parser.add_argument("--center", action="store_true",
                        help="subtract the mean of the train vectors first")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def evaluate(vectors, same, train, center):
    """vectors (pairs, 2, dimension), the first `train` pairs of them train."""
    if center:
        vectors = vectors - vectors[:train].mean(axis=(0, 1))
    values = cosines(vectors)
    threshold = best_threshold(values[:train], same[:train])
    right = (values > threshold) == same
    hits, total = int(right[train:].sum()), len(same) - train
    return {"threshold": float(threshold), "train_accuracy": float(right[:train].mean()),
            "dev_accuracy": hits / total, "interval": dumped_vectors.wilson(hits, total)}


def main():
    arguments = parse_arguments()
    train, dev = read_pairs(arguments.train), read_pairs(arguments.dev)
    pairs = [cut_out(pair) if arguments.spans else pair for pair in train + dev]
    if arguments.prepare:
        dumped_vectors.write_lines(arguments.prepare,
                                   (sentence for pair in pairs for sentence in pair.sentences))
        return
    dump = dumped_vectors.DumpedVectors(arguments.vectors, arguments.split)
    vectors = pair_vectors(pairs, dump, arguments.context)
    flat = vectors.reshape(-1, *vectors.shape[2:])
    same = numpy.array([pair.same for pair in pairs])
    scores = {layer: evaluate(values.reshape(len(pairs), 2, -1), same, len(train), arguments.center)
              for layer, values in dumped_vectors.select_layers(flat, arguments.layers).items()}
    share = float(same[len(train):].mean())
    shared = sum(share_a_word(pair, arguments.split) == pair.same for pair in dev)
    low, high = dumped_vectors.wilson(shared, len(dev))
    best = max(scores, key=lambda layer: scores[layer]["train_accuracy"])
    if arguments.json:
        print(json.dumps({"train": len(train), "dev": len(dev), "centered": arguments.center,
                          "majority": max(share, 1 - share), "best_on_train": best,
                          "share_a_word": shared / len(dev),
                          "scores": scores}))
        return
    print(f"{len(train)} train, {len(dev)} dev pairs"
          f"{'; vectors centred on train' if arguments.center else ''}; "
          f"always one answer: {100 * max(share, 1 - share):.1f}; the same where the sentences share a "
          f"word: {100 * shared / len(dev):.1f} ({100 * low:.1f}-{100 * high:.1f})")
    print(f"{'layer':<28}{'threshold':>10}{'train':>8}{'dev':>8}  95 %")
    for layer, s in scores.items():
        low, high = s["interval"]
        print(f"{layer + (' *' if layer == best else ''):<28}{s['threshold']:>10.3f}"
              f"{100 * s['train_accuracy']:>8.1f}{100 * s['dev_accuracy']:>8.1f}  "
              f"{100 * low:.1f}-{100 * high:.1f}")


if __name__ == "__main__":
    main()
