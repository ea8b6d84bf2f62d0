"""Vectors of target words out of a dump of `elmo dump`, and small statistics for evaluations.

Both layouts are read, with all words of a line or, for `--words` dumps, those in /places.
"""
import math
import sys
import unicodedata

import h5py
import numpy

SPLITS = ("spaces", "punctuation", "characters")


def word_spans(text, split):
    """[(start, end)] of a line's words in code points, as `elmo --split` cuts them."""
    spans, previous = [], None
    for at, character in enumerate(text):
        category = unicodedata.category(character)[0]
        if character in " \t":
            previous = None
            continue
        kind = "mark" if category in "PS" and split == "punctuation" else "word"
        starts = kind != previous
        if split == "characters":
            starts = previous is None or category != "M"
        if starts:
            spans.append((at, at + 1))
        else:
            spans[-1] = (spans[-1][0], at + 1)
        previous = kind
    return spans


class DumpedVectors:
    def __init__(self, path, split="spaces"):
        """split: that of the model which made the dump."""
        self.path, self.split = path, split
        self.file = h5py.File(path, "r")
        self.matrix = "vectors" in self.file
        if self.matrix:
            self.vectors = self.file["vectors"]
            self.offsets = self.file["offsets"][()]
        elif "0" not in self.file:
            raise SystemExit(f"{path}: neither layout of `elmo dump`: no /vectors and no /0 (were "
                             "sentences the keys? dump with --keys line)")
        self.places = None
        if "places" in self.file:
            self.places = {}
            for line, word in self.file["places"][()].tolist():
                self.places.setdefault(line, []).append(word)

    def line(self, number):
        """(words, layers, dimension) float32 of a line, or of those of its words that are there."""
        if self.matrix:
            if number + 1 >= len(self.offsets):
                raise SystemExit(f"{self.path}: has {len(self.offsets) - 1} lines, and line "
                                 f"{number} (from 0) is wanted; dump the text of --prepare")
            rows = self.vectors[self.offsets[number]:self.offsets[number + 1]]
            layered = rows.ndim == 3
        else:
            if str(number) not in self.file:
                raise SystemExit(f"{self.path}: has no line {number} (from 0); dump the text of "
                                 "--prepare")
            rows = self.file[str(number)][()]
            layered = rows.ndim == 3
            rows = rows.transpose(1, 0, 2) if layered else rows
        rows = numpy.asarray(rows, dtype=numpy.float32)
        return rows if layered else rows[:, None, :]

    def target(self, number, text, start, end, context=False):
        """(layers, dimension) of the word that holds code points [start, end) of a line.

        Where several words overlap the span: forward at the last, backward at the first, layer 0
        their mean, as `elmo neighbors` treats a span. With `context`, what the models know of the
        place without its word: forward at the word before, backward at the word behind, zeros where
        there is none, also for layer 0.
        """
        spans = word_spans(text, self.split)
        rows = self.line(number)
        there = list(range(len(spans))) if self.places is None else self.places.get(number, [])
        if len(there) != len(rows) or (there and there[-1] >= len(spans)):
            raise SystemExit(f"{self.path}: line {number} (from 0) has {len(rows)} vectors where "
                             f"the text has {len(spans)} words by --split {self.split}; is it the "
                             "split of the model, and the text of --prepare?")
        wanted = [i for i, (a, b) in enumerate(spans) if a < end and b > start]
        missing = [i for i in wanted if i not in there]
        if missing or not wanted:
            raise SystemExit(f"{self.path}: line {number} (from 0) has no vector of "
                             f"'{text[start:end]}'; dump all words, or list it in --words")
        half = rows.shape[2] // 2
        if context:
            at, behind = there.index(wanted[0]) - 1, there.index(wanted[-1]) + 1
            nothing = numpy.zeros_like(rows[0])
            before = rows[at] if at >= 0 else nothing
            after = rows[behind] if behind < len(rows) else nothing
            return numpy.concatenate([before[:, :half], after[:, half:]], axis=1)
        first, last = rows[there.index(wanted[0])], rows[there.index(wanted[-1])]
        result = numpy.concatenate([last[:, :half], first[:, half:]], axis=1)
        if len(wanted) > 1 and rows.shape[1] > 1:
            result[0] = numpy.mean([rows[there.index(i)][0] for i in wanted], axis=0)
        return result


def select_layers(vectors, names):
    """(examples, layers, dimension) -> {name: (examples, dimension)}; names: None (each layer and
    their mean), or a list of layer numbers and "mix", the mean of all layers."""
    count = vectors.shape[1]
    if names is None:
        names = [str(k) for k in range(count)] + (["mix"] if count > 1 else [])
    result = {}
    for name in names:
        if name == "mix":
            result["mix (mean of the layers)"] = vectors.mean(axis=1)
        elif name.isdigit() and int(name) < count:
            result[f"layer {name}"] = vectors[:, int(name)]
        else:
            raise SystemExit(f"--layers: '{name}' is neither mix nor a layer below {count}")
    return result


def normalised(vectors):
    return vectors / numpy.maximum(numpy.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def wilson(right, total, z=1.959964):
    """95 % interval of a share, as (low, high)."""
    share = right / total
    middle = share + z * z / (2 * total)
    width = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return (middle - width) / scale, (middle + width) / scale


def parse_with_options(parser):
    """The arguments, and in `options` what stands behind `--` (argparse keeps them apart only
    where a positional argument follows)."""
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    arguments = parser.parse_args(words[:end])
    arguments.options = words[end + 1:]
    return arguments


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def read_tsv(path, columns):
    """Rows of a tab-separated file; the line itself comes last in each."""
    with open(path, encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            line = line.removesuffix("\n")
            fields = line.split("\t")
            if len(fields) != columns:
                raise SystemExit(f"{path}:{number}: {len(fields)} columns where {columns} belong")
            yield [*fields, line]
