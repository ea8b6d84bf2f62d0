"""h5py and NumPy read what elmo writes: h5py_test.py WRITE_DUMPS (the program that writes the samples)."""

import json
import subprocess
import sys
import tempfile
import zipfile

import h5py
import numpy

LINES = [["배", "한", "척"], [], ["he", "said", '"no"'], ["배", "한", "척"], ["bank"]]


def vectors_of(line, layers):
    """(layers, words, 8), as write_dumps.cc computes them."""
    word, layer, column = numpy.meshgrid(
        numpy.arange(len(LINES[line])), numpy.arange(layers), numpy.arange(8), indexing="ij"
    )
    values = line + word / 4 + layer * 8 - column / 16
    return values.transpose(1, 0, 2).astype(numpy.float32)


def expect(condition, what):
    if not condition:
        sys.exit(f"h5py_test.py: {what}")


def expect_equal(found, expected, what):
    expect(found == expected, f"{what}: found {found!r}, expected {expected!r}")


def check_places(file, what):
    places = [[line, word] for line, words in enumerate(LINES) for word in range(len(words))]
    expect_equal(file["places"].dtype, numpy.dtype("<i8"), what)
    expect_equal(file["places"][:].tolist(), places, what)


def check_attributes(file, what):
    expect_equal(sorted(file.attrs), ["cells", "gamma", "model_hash"], what)
    expect_equal(file.attrs["model_hash"], b"00ff", what)
    expect_equal(int(file.attrs["cells"]), 128, what)
    expect_equal(float(file.attrs["gamma"]), 0.5, what)


def check_sentences(file, dtype, layered, what):
    names = {str(line) for line in range(len(LINES))} | {"sentence_to_index"}
    expect_equal(set(file.keys()), names | ({"places"} if layered else set()), what)
    for line, words in enumerate(LINES):
        dataset = file[str(line)]
        shape = (len(words), 8)
        expect_equal(dataset.shape, (3, *shape) if layered else shape, what)
        expect_equal(dataset.dtype, dtype, what)
        expect_equal(dataset.chunks, None, what)
        expect_equal(dataset.compression, None, what)
        expect_equal(len(dataset.attrs), 0, what)
        expected = vectors_of(line, 3) if layered else vectors_of(line, 1)[0]
        expect(numpy.array_equal(dataset[...], expected), f"{what}: values of line {line}")
    sentence_map = file["sentence_to_index"]
    expect_equal(sentence_map.shape, (1,), what)
    text = sentence_map[0]
    # As AllenNLP's readers do.
    text = text.decode("ascii") if isinstance(text, bytes) else text
    expect_equal(json.loads(text), {"배 한 척": "3", 'he said "no"': "2", "bank": "4"}, what)
    expect_equal(text, json.dumps(json.loads(text)), what)


def check_matrix(file, dtype, layered, what):
    expect_equal(
        set(file.keys()), {"vectors", "offsets", "words"} | ({"places"} if layered else set()), what
    )
    words = [word for line in LINES for word in line]
    expect_equal([word.decode() for word in file["words"][:]], words, what)
    expect_equal(file["offsets"].dtype, numpy.dtype("<i8"), what)
    offsets = file["offsets"][:]
    expect_equal(offsets.tolist(), [0, 3, 3, 6, 9, 10], what)
    vectors = file["vectors"]
    expect_equal(vectors.shape, (10, 3, 8) if layered else (10, 8), what)
    expect_equal(vectors.dtype, dtype, what)
    expect(vectors.chunks is not None, f"{what}: /vectors is not chunked")
    expect_equal(vectors.compression, None, what)
    for line in range(len(LINES)):
        expected = vectors_of(line, 3).transpose(1, 0, 2) if layered else vectors_of(line, 1)[0]
        found = vectors[offsets[line] : offsets[line + 1]]
        expect(numpy.array_equal(found, expected), f"{what}: values of line {line}")


def check_model(file):
    expect_equal(file.attrs["format"], b"elmo language model", "forward.h5")
    expect_equal(int(file.attrs["format_version"]), 1, "forward.h5")
    settings = json.loads(file.attrs["settings"])
    expect_equal(settings, {"cells": 128, "name": "한국어"}, "forward.h5")
    expect_equal(file["lstm_0/weights"].dtype, numpy.dtype("<f4"), "forward.h5")
    expect_equal(file["lstm_0/weights"][...].tolist(), [[1, 2, 3], [4, 5, 6]], "forward.h5")
    expect_equal(bytes(file["vocabulary"][...]), b"abc", "forward.h5")


def check_archives(folder):
    with numpy.load(f"{folder}/many.npz") as arrays:
        expect_equal(len(arrays.files), 70000, "many.npz")
        for line in 0, 65535, 69999:
            expect_equal(arrays[str(line)].tolist(), [[line]], "many.npz")
    with zipfile.ZipFile(f"{folder}/zip64.zip") as archive:
        expect_equal(archive.testzip(), None, "zip64.zip")
        contents = {name: archive.read(name) for name in archive.namelist()}
        expect_equal(contents, {"a": b"a" * 1000, "b": b"b" * 7, "c": b"c" * 1000}, "zip64.zip")


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        for layout, check in ("sentences", check_sentences), ("matrix", check_matrix):
            for name, dtype in ("f32", numpy.dtype("<f4")), ("f16", numpy.dtype("<f2")):
                for layers in "all", "top":
                    what = f"{layout}_{name}_{layers}.h5"
                    with h5py.File(f"{folder}/{what}") as file:
                        check(file, dtype, layers == "all", what)
                        check_attributes(file, what)
                        if layers == "all":
                            check_places(file, what)
        with h5py.File(f"{folder}/no_map.h5") as file:
            expect_equal(set(file.keys()), {"0", "1", "2", "3", "4"}, "no_map.h5")
        with h5py.File(f"{folder}/forward.h5") as file:
            check_model(file)
        check_archives(folder)


main()
