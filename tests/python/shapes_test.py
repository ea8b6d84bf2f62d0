"""Texts and words in, arrays out: the same bits whichever way they are asked for."""
import builtins
import pathlib
import pickle
import shutil
import subprocess
import sys

import numpy
import pytest

import elmo
from conftest import run
from official_elmo import write_model

equal = numpy.testing.assert_array_equal


def test_the_package_shadows_nothing():
    assert not set(elmo.__all__) & set(dir(builtins))
    seen = {}
    exec("from elmo import *", seen)
    assert seen["load"] is elmo.load and "open" not in seen
    assert all(hasattr(elmo, name) for name in elmo.__all__)


def test_importing_elmo_imports_little():
    code = ("import sys, elmo\nassert not {'sklearn', 'pandas', 'h5py', 'torch'} & set(sys.modules)\n"
            "elmo.Vectorizer('nowhere').fit(['a'])\nassert 'sklearn' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("settings", [{}, {"layers": "top"}, {"layers": [1, 0]}, {"layers": 0},
                                      {"carry_state": 3}, {"pool": "mean"}])
def test_equal_bits_of_one_call_an_embedder_and_flat(model, sentences, settings):
    expected = model.embed(sentences, **settings)
    texts = [" ".join(words) for words in sentences]
    for one, other in zip(model.embed(texts, **settings), expected):
        equal(one, other)
    for threads in (1, 2):
        embedder = elmo.Embedder(model, threads=threads, **settings)
        got = []
        for begin in range(0, len(sentences), 7):
            got.extend(embedder.embed(sentences[begin:begin + 7]))
        streamed = elmo.Embedder(model, threads=threads, batch_size=50, **settings)
        for mine, theirs, one in zip(got, streamed.embed_iter(iter(texts)), expected):
            equal(mine, one)
            equal(theirs, one)
        assert len(got) == len(sentences) and embedder.words == sum(map(len, sentences))
    if "layers" in settings:
        matrix, offsets = model.embed_flat(sentences, **settings)
        assert offsets.dtype == numpy.int64 and offsets[-1] == len(matrix) == embedder.words
        for i, one in enumerate(expected):
            rows = matrix[offsets[i]:offsets[i + 1]]
            equal(numpy.moveaxis(rows, 0, -2), one)


@pytest.mark.parametrize("pool", ["mean", "max", "first", "last"])
def test_pooled_matrices(model, sentences, pool):
    sentences = sentences[:20] + [[]]
    pooled = model.embed(sentences, pool=pool)
    assert pooled.shape == (21, model.dimension) and pooled.dtype == numpy.float32
    assert not pooled[20].any()
    average = model.embed(sentences, layers="average")
    for row, words in zip(pooled[:20], average):
        expected = {"mean": words.mean(axis=0, dtype=numpy.float64), "max": words.max(axis=0),
                    "first": words[0], "last": words[-1]}[pool]
        numpy.testing.assert_allclose(row, expected, atol=0 if pool != "mean" else 1e-7)
    layered = model.embed(sentences, layers="all", pool=pool)
    assert layered.shape == (21, 2, model.dimension)
    equal(layered[3, 1], model.embed(sentences, layers=1, pool=pool)[3])
    assert model.embed([], pool=pool).shape == (0, model.dimension)
    assert model.embed([], layers="all", pool=pool).shape == (0, 2, model.dimension)
    equal(model.embed("a text by itself", pool=pool), model.embed(["a text by itself"], pool=pool)[0])


@pytest.mark.parametrize("pool", ["mean", "max", "first", "last"])
def test_equal_bits_of_pooled_lines_in_a_dump(made, model, sentences, tmp_path, pool):
    run("dump", "--model", made / "model", "--input", made / "text.txt", "--line-pool", pool,
        "--layers", "1,0", "--layout", "matrix", "--output", tmp_path / "v.h5")
    matrix = model.embed(sentences, layers=[1, 0], pool=pool)
    with elmo.open(tmp_path / "v.h5") as dump:
        assert len(dump) == len(matrix)
        for (_, array), row in zip(dump, matrix):
            equal(array[:, 0], row)


def test_one_text_and_other_iterables(model):
    equal(model.embed("the bank"), model.embed([["the", "bank"]])[0])
    equal(elmo.Embedder(model).embed("the bank"), model.embed(["the bank"])[0])
    texts = numpy.array(["the bank", "a river"])
    for one, other in zip(model.embed(texts), model.embed(tuple(map(str.split, texts)))):
        equal(one, other)
    assert len(model.embed(line for line in texts)) == 2
    assert [one.shape for one in model.embed(["", "\n"])] == [(2, 0, 128)] * 2
    matrix, offsets = model.embed_flat([])
    assert matrix.shape == (0, 128) and offsets.tolist() == [0]
    with pytest.raises(TypeError, match="pool"):
        model.embed_flat(texts, pool="mean")


def test_padding(model):
    vectors = model.embed([["the", "bank"], [], ["a", "wide", "river"]], layers="top")
    batch, mask = elmo.pad(vectors)
    assert batch.shape == (3, 3, 128) and batch.dtype == numpy.float32
    assert mask.tolist() == [[True, True, False], [False] * 3, [True] * 3]
    equal(batch[0, :2], vectors[0])
    assert not batch[~mask].any() and batch[mask].any(axis=-1).all()
    layered, mask = elmo.pad(model.embed(["the bank", "a"]), length=1)
    assert layered.shape == (2, 2, 1, 128) and mask.all()
    with pytest.raises(ValueError, match="nothing to pad"):
        elmo.pad([])


def test_words_have_places_in_the_text(model):
    assert model.split() == "spaces"
    text = "  배를 타고\t강을\r\n😀 건넜다 "
    words = model.words(text)
    assert [word.text for word in words] == ["배를", "타고", "강을", "😀", "건넜다"]
    for word in words:
        assert text[word.begin:word.end] == word.text
        assert text.encode()[word.begin_byte:word.end_byte].decode() == word.text
    assert model.words("") == []


def test_split_punctuation_gives_the_words_of_the_dump(made, tmp_path):
    text = tmp_path / "raw.txt"
    lines = ["그 배를 타고, 강을 건넜다!", "\"The bank\" (of the river)...", "좋아요ㅋㅋ★★★ :)", "a,b"]
    text.write_text("".join(line + "\n" for line in lines * 20), "utf-8")
    run("vocab", "--input", made / "text.txt", text, "--size", 1000, "--split", "punctuation",
        "--output", tmp_path / "v.model")
    run("pretrain", "--direction", "both", "--preset", "tiny", "--input", text, "--vocab",
        tmp_path / "v.model", "--split", "punctuation", "--output", tmp_path / "model", "--steps", 1)
    run("dump", "--model", tmp_path / "model", "--input", text, "--layout", "matrix", "--output",
        tmp_path / "v.h5")
    model = elmo.load(tmp_path / "model")
    assert model.split() == "punctuation"
    with elmo.open(tmp_path / "v.h5") as dump:
        for (words, array), line, mine in zip(dump, lines, model.embed(lines)):
            assert [word.text for word in model.words(line)] == words
            equal(mine, array)


def test_opened_dumps(made, tmp_path):
    run("dump", "--model", made / "model", "--input", made / "text.txt", "--layers", "top", "--output",
        tmp_path / "v.h5", "--layout", "matrix")
    vectors = elmo.open(tmp_path / "v.h5")
    assert vectors.attributes["model"] == elmo.load(made / "model").hash
    assert vectors.attributes["layers"] == "top" and vectors.path == str(tmp_path / "v.h5")
    listed = list(vectors)
    assert len(listed) == len(vectors) == 300
    for got, at in ((vectors[2:9:3], range(2, 9, 3)), (vectors[::-50], range(299, -1, -50)),
                    (vectors[400:], ())):
        assert [words for words, _ in got] == [listed[i][0] for i in at]
    equal(vectors[-1][1], listed[299][1])
    equal(vectors[numpy.int64(5)][1], listed[5][1])
    for wrong in (300, -301):
        with pytest.raises(IndexError, match="300 sentences"):
            vectors[wrong]
    with pytest.raises(TypeError):
        vectors["0"]
    again = pickle.loads(pickle.dumps(vectors))
    equal(again[3][1], listed[3][1])
    with vectors as same:
        assert same is vectors and not vectors.closed
    assert vectors.closed
    for use in (lambda: vectors[0], lambda: len(vectors), vectors.__enter__):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_official_folders_and_files(tmp_path):
    options, weights = write_model(tmp_path / "official")
    folder = tmp_path / "official"
    expected = elmo.load(options=options, weights=weights)
    for path in (folder, options, weights):
        model = elmo.load(path)
        assert model.hash == expected.hash
        equal(model.embed("the cat")[1], expected.embed("the cat")[1])
    with pytest.raises(ValueError, match="no softmax"):
        model.perplexity(options)
    # As AllenNLP's files are named, several in a folder.
    for name in ("a_options.json", "b_options.json"):
        shutil.copy(options, folder / name)
    for name in ("a_weights.hdf5", "b_weights.hdf5"):
        shutil.copy(weights, folder / name)
    options.unlink()
    weights.unlink()
    assert elmo.load(folder / "b_weights.hdf5").hash == expected.hash
    assert elmo.load(folder / "a_options.json").hash == expected.hash
    with pytest.raises(ValueError, match="holds 2 files"):
        elmo.load(folder)
    with pytest.raises(ValueError, match="a model is a folder"):
        elmo.load(__file__)


def test_word_list_beside_official_weights(tmp_path):
    words = ["<S>", "</S>", "<UNK>", "the", "cat"]
    options, weights = write_model(tmp_path / "official", words=len(words))
    with pytest.raises(OSError, match="word list by vocab"):
        elmo.load(tmp_path / "official")
    (tmp_path / "official" / "vocab.txt").write_text("\n".join(words) + "\n", "utf-8")
    expected = elmo.load(options=options, weights=weights, vocab=tmp_path / "official" / "vocab.txt")
    assert elmo.load(tmp_path / "official").hash == expected.hash


def test_a_second_identical_call_encodes_nothing(tmp_path, sentences):
    options, weights = write_model(tmp_path / "official")
    embedder = elmo.Embedder(elmo.load(weights), threads=2)
    first = embedder.embed(sentences)
    assert embedder.encoded == len({word for words in sentences for word in words})
    second = embedder.embed(sentences)
    assert embedder.encoded == len({word for words in sentences for word in words})
    assert embedder.words == 2 * sum(map(len, sentences))
    for one, other in zip(first, second):
        equal(one, other)


def test_the_thousandth_call_is_as_fast_as_the_first_hundred(made, tmp_path):
    options, weights = write_model(tmp_path / "official")
    words = [f"{a}{b}" for a in "abcdefghij" for b in "klmnopqrstuvwxyz"]

    def grown():
        import time
        embedder = elmo.Embedder(elmo.load(weights), threads=1, cached_words=100)
        seconds = []
        for i in range(1000):
            sentence = [words[(7 * i + k * k) % len(words)] for k in range(12)]
            start = time.perf_counter()
            embedder.embed([sentence])
            seconds.append(time.perf_counter() - start)
        return numpy.median(seconds[950:]) / numpy.median(seconds[:100])
    # Others use the machine too: one quiet attempt is enough.
    assert any(grown() <= 1.1 for _ in range(5))


def test_version_is_that_of_the_program():
    assert run("--version") == f"elmo {elmo.__version__}\n"
    project = (pathlib.Path(__file__).resolve().parents[2] / "pyproject.toml").read_text("utf-8")
    assert f'version = "{elmo.__version__}"' in project
