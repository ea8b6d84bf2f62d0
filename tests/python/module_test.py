"""The Python module beside the command line, on a model made here; ELMO is the program."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import h5py
import numpy
import pytest

import elmo
from conftest import run


def resident_bytes():
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("options, settings", [
    ([], {}),
    ([], {"batch_size": 37, "threads": 1}),
    ([], {"batch_size": 9000, "threads": 3}),
    (["--layers", "top", "--pooling", "mean"], {"layers": "top", "pooling": "mean"}),
    (["--layers", "1,0"], {"layers": "1,0"}),
    (["--layers", "average"], {"layers": "average"}),
    (["--carry-state", 3], {"carry_state": 3}),
])
@pytest.mark.parametrize("layout", ["sentences", "matrix"])
def test_equal_bits_with_dump(made, model, sentences, tmp_path, options, settings, layout):
    path = tmp_path / "v.h5"
    run("dump", "--model", made / "model", "--input", made / "text.txt", "--output", path,
        "--layout", layout, *options)
    vectors = model.embed(sentences, **settings)
    dumped = elmo.open(path)
    assert len(dumped) == len(vectors) == len(sentences)
    for mine, (words, theirs), sentence in zip(vectors, dumped, sentences):
        assert mine.dtype == theirs.dtype == numpy.float32
        numpy.testing.assert_array_equal(mine, theirs)
        assert words == sentence or (layout == "sentences" and words is None)
    if layout == "sentences":
        with h5py.File(path) as file:
            numpy.testing.assert_array_equal(file["0"], vectors[0])
            numpy.testing.assert_array_equal(elmo.open(path)[1][1], vectors[1])
    numpy.testing.assert_array_equal(dumped[2][1], vectors[2])


def test_mix_is_the_weighted_sum(model, sentences):
    layers = model.embed(sentences[:5])
    mixed = model.embed(sentences[:5], mix=elmo.ScalarMix([0.3, -1.0], gamma=2.0))
    share = 2 * numpy.exp([0.3, -1.0]) / numpy.exp([0.3, -1.0]).sum()
    for each, one in zip(layers, mixed):
        numpy.testing.assert_allclose(one, numpy.tensordot(share, each, 1), atol=1e-6)


def test_mix_of_a_task(made, model, sentences, tmp_path):
    rows = [f"{len(words) % 2}\t{' '.join(words)}\n" for words in sentences[:60]]
    (tmp_path / "train.tsv").write_text("".join(rows), "utf-8")
    task = tmp_path / "task.h5"
    run("train", "--task", "classify", "--model", made / "model", "--train",
        tmp_path / "train.tsv", "--dev", tmp_path / "train.tsv", "--epochs", 2, "--pooling",
        "first", "--output", task)
    run("dump", "--model", made / "model", "--input", made / "text.txt", "--output",
        tmp_path / "v.h5", "--layers", "mix", "--mix", task)
    mix = elmo.ScalarMix.load(task)
    assert len(mix.weights) == 2 and mix.weights != [0.0, 0.0] and mix.pooling == "first"
    for mine, (_, theirs) in zip(model.embed(sentences, mix=mix), elmo.open(tmp_path / "v.h5")):
        numpy.testing.assert_array_equal(mine, theirs)
    with pytest.raises(OSError, match="forward.h5"):
        elmo.ScalarMix.load(made / "model" / "forward.h5")
    run("pretrain", "--direction", "both", "--preset", "tiny", "--input", made / "text.txt",
        "--vocab", made / "v.model", "--output", tmp_path / "other", "--steps", 1)
    with pytest.raises(ValueError, match="another language model"):
        elmo.load(tmp_path / "other").embed(sentences[:1], mix=mix)


def test_empty_sentences_have_shapes(model):
    assert model.embed([]) == []
    assert [one.shape for one in model.embed([[], ["배"]])] == [(2, 0, 128), (2, 1, 128)]
    assert model.embed([[]], layers="top")[0].shape == (0, 128)


def test_words_that_are_not_utf8_are_refused(model):
    for word in (b"a" * 4095 + b"\x80" * 9000, b"caf\xe9", b"\x80"):
        with pytest.raises(ValueError, match="word 1 of sentence 0 is not UTF-8 at byte"):
            model.embed([["he", word]])


def test_perplexity_and_score_agree_with_the_commands(made, model):
    text = made / "text.txt"
    printed = json.loads(run("perplexity", "--model", made / "model", "--input", text, "--json"))
    for direction, measured in model.perplexity(text).items():
        assert measured.word == printed[direction]["perplexity_word"]
        assert measured.units == printed[direction]["units"]
    rows = [line.split("\t") for line in
            run("score", "--model", made / "model", "--input", text).splitlines()]
    mine = [(f"{forward:.6f}", f"{backward:.6f}") for one in model.score(text)
            for forward, backward in zip(one.forward, one.backward)]
    assert mine == [(row[3], row[4]) for row in rows]


def test_scoring_reads_the_model_once(made, sentences, tmp_path):
    shutil.copytree(made / "model", tmp_path / "model")
    model = elmo.load(tmp_path / "model")
    once = model.perplexity(made / "text.txt")
    shutil.rmtree(tmp_path / "model")
    again = model.perplexity(made / "text.txt")
    assert again["forward"].word == once["forward"].word
    assert len(model.score(made / "text.txt")) == len(sentences)


def test_errors_are_pythons(made, model, tmp_path):
    with pytest.raises(OSError, match="no such folder"):
        elmo.load(tmp_path / "none")
    with pytest.raises(ValueError, match="a model is needed"):
        elmo.load()
    with pytest.raises(ValueError, match="both options and weights"):
        elmo.load(options=tmp_path / "options.json")
    for wrong in ({"layers": "7"}, {"pooling": "median"}, {"batch_size": 0}, {"threads": -1},
                  {"carry_state": -1}, {"pool": "median"}):
        with pytest.raises(ValueError) as caught:
            model.embed([["배"]], **wrong)
        (argument,) = wrong
        assert argument.split("_")[0] in str(caught.value) and "--" not in str(caught.value)
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"fine\n\xff\n")
    with pytest.raises(OSError, match="pass invalid skip"):
        model.perplexity(bad)
    assert len(model.score(bad, invalid="skip")) == 1
    for wrong in ([3], [None], [b"bytes"], [["a", 3]], [["a", None]], 3):
        with pytest.raises(TypeError):
            model.embed(wrong)
    with pytest.raises(ValueError, match="word 1 of sentence 0 is empty"):
        model.embed([["a", ""]])
    with pytest.raises(ValueError, match="text 1 holds half of a surrogate pair"):
        model.embed(["a", "\ud800"])
    with pytest.raises(OSError, match="holds no vectors"):
        elmo.open(made / "model" / "forward.h5")
    with pytest.raises(OSError):
        model.perplexity(tmp_path / "none.txt")


def test_many_threads_share_a_model(model, sentences):
    expected = model.embed(sentences)
    differ = []

    def work(seed):
        for _ in range(3):
            got = model.embed(sentences[seed:], threads=1 + seed % 3)
            differ.extend(i for i, one in enumerate(got)
                          if not numpy.array_equal(one, expected[seed + i]))

    team = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for one in team:
        one.start()
    for one in team:
        one.join()
    assert differ == []


def test_ctrl_c_ends_a_long_call(model, sentences):
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    many = sentences * 1000
    timer.start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(100):
            model.embed(many, layers="top")
    assert time.monotonic() - start < 60


@pytest.mark.parametrize("layers", ["all", "top"])
def test_a_large_call_takes_little_more_than_its_arrays(model, sentences, layers):
    def status(name):
        text = pathlib.Path("/proc/self/status").read_text()
        return int(re.search(name + r":\s+(\d+)", text)[1]) << 10
    many = sentences * 100
    model.embed(sentences, layers=layers)
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = status("VmRSS")
    vectors = model.embed(many, layers=layers)
    assert status("VmHWM") - before < 1.3 * sum(one.nbytes for one in vectors) + (32 << 20)


def test_nothing_leaks_and_batches_are_given_back(model, sentences):
    def calls(count):
        for i in range(count):
            model.embed([sentences[i % len(sentences)][:3]], threads=1)
    calls(1000)
    before = resident_bytes()
    calls(10_000)
    assert resident_bytes() - before < 8 << 20
    vectors = model.embed(sentences * 100)
    assert vectors[0].base is not None  # the library's memory, not a copy
    held = sum(one.nbytes for one in vectors)
    assert held > 200 << 20
    del vectors
    assert resident_bytes() - before < held / 4


def test_a_forked_process_computes_too(made):
    code = f"""
import multiprocessing, elmo
model = elmo.load({str(made / "model")!r})
sentences = [["the", "bank"], ["a", "wide", "river"]]
expected = [a.tobytes() for a in model.embed(sentences, threads=2)]
def child(threads):
    return [a.tobytes() for a in model.embed(sentences, threads=threads)]
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map_async(child, [1, 2, 4]).get(timeout=20) == [expected] * 3
assert [a.tobytes() for a in model.embed(sentences, threads=2)] == expected
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("content", ["[1,2]", "{", '{"a": "7"}', "[" * 100_000])
def test_each_access_to_a_damaged_dump_is_an_error(tmp_path, content):
    with h5py.File(tmp_path / "bad.h5", "w") as file:
        file["0"] = numpy.zeros((2, 3, 4), numpy.float32)
        file.create_dataset("sentence_to_index", data=[content], dtype=h5py.string_dtype())
    vectors = elmo.open(tmp_path / "bad.h5")
    for _ in range(3):
        with pytest.raises(OSError, match="bad.h5.*sentence_to_index"):
            vectors[0]


def test_names_that_are_not_utf_8_and_threads_without_end():
    with pytest.raises(OSError, match=r"\\x80"):
        elmo.open("\udc80")
    code = "import elmo, sys\nelmo.load(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, b"\x80"], capture_output=True, text=True,
                          errors="replace", timeout=60, check=False)
    assert done.returncode == 1 and "OSError" in done.stderr


def test_bytes_that_are_no_text_are_refused_at_once(model):
    with pytest.raises(ValueError, match="not UTF-8"):
        model.embed([[b"a" * 4095 + b"\x80" * 9000]])
