"""Dumps for the tests of the pages, and the data that a page holds."""
import json
import pathlib
import re
import sys

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

# What HTML, JSON or a script would make something else of.
ODD = ["</script><b>x</b>", "<!--", "&lt;", "\u2028", '"', "'", "\\n", "배를", "${1}", "]]>"]


def write_dump(path, sentences, layers=3, dimension=6, seed=1):
    """The matrix layout; `bank` has two senses in the layers above the first, by its neighbour."""
    generator = numpy.random.default_rng(seed)
    words = [word for sentence in sentences for word in sentence]
    vectors = generator.standard_normal((len(words), layers, dimension)).astype("f4")
    row = 0
    for sentence in sentences:
        for word in sentence:
            if word == "bank":
                vectors[row, 0] = 1
                vectors[row, 1:, 0] += 8 if "river" in sentence else -8
            row += 1
    with h5py.File(path, "w") as file:
        file["vectors"] = vectors
        file["offsets"] = numpy.cumsum([0] + [len(sentence) for sentence in sentences])
        file["words"] = numpy.array(words, dtype=h5py.string_dtype())
    return path


def bank_sentences(count):
    return [["w%d" % i, "river" if i % 3 else "money", "bank", ODD[i % len(ODD)]] for i in range(count)]


def write_log(folder):
    lines = [{"direction": direction, "step": step, key: value / step}
             for direction, value in (("forward", 1000.0), ("backward", 1234.5)) for step in (100, 200, 300)
             for key in ("perplexity_unit", "dev_perplexity_unit")]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def write_distances(path):
    path.write_text("".join(f"{name}\t{distance}\t{accuracy}\n" for name in ("lstm", "</script><b>")
                            for distance, accuracy in ((5, 1.0), (20, 0.75), (500, 0.5))), encoding="utf-8")
    return path


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])
