"""The vectors of ELMoForManyLangs' own code: $ELMO_FIXTURES/efml, which is not in the repository.

Its words hold tabs and are empty, so that only Python can hand them over.
"""
import json
import os
import pathlib
import subprocess

import numpy
import pytest

import elmo

EFML = pathlib.Path(os.environ["ELMO_FIXTURES"]) / "efml"
MODELS = ["word_char", "word_only"]


def sentences():
    return json.loads((EFML / "sentences.json").read_text(encoding="utf-8"))


@pytest.fixture(params=MODELS)
def expected(request):
    return request.param, numpy.load(EFML / (request.param + ".npz"))


def models(name, folder):
    """The raw folder, and what `elmo import` makes of it."""
    subprocess.run([os.environ["ELMO"], "import", "--efml", EFML / name, "--output", folder],
                   check=True, capture_output=True)
    return elmo.load(EFML / name), elmo.load(folder)


def assert_close(vectors, wanted):
    assert vectors.shape == wanted.shape
    assert abs(vectors - wanted).max(initial=0) < 1e-5


def test_each_sentence_alone(expected, tmp_path):
    name, arrays = expected
    for model in models(name, tmp_path / "model"):
        for i, vectors in enumerate(model.embed(sentences())):
            assert_close(vectors, arrays[f"alone/{i}"])


def test_average_and_single_layers(expected, tmp_path):
    name, arrays = expected
    model = models(name, tmp_path / "model")[1]
    settings = [("average", "average")] + [(str(j), f"layer{j}") for j in range(model.layers)]
    for layers, key in settings:
        compared = 0
        for i, vectors in enumerate(model.embed(sentences(), layers=layers)):
            if f"{key}/{i}" in arrays:
                assert_close(vectors, arrays[f"{key}/{i}"])
                compared += 1
        assert compared > 0


def test_carried_state(expected, tmp_path):
    name, arrays = expected
    for model in models(name, tmp_path / "model"):
        for i, vectors in enumerate(model.embed(sentences(), carry_state=1)):
            assert_close(vectors, arrays[f"carried/{i}"])


def test_the_other_encoder_is_refused():
    with pytest.raises(OSError, match="its encoder is 'lstm'"):
        elmo.load(EFML / "lstm_encoder")


def test_files_of_torch(tmp_path):
    folder = EFML / "serialization"
    arrays = numpy.load(folder / "tensors.npz")
    names = {"f4": "float32", "f8": "float64", "f2": "float16", "i8": "int64"}
    for name, verdict in json.loads((folder / "expected.json").read_text()).items():
        done = subprocess.run([os.environ["TORCH_TENSORS"], folder / name], capture_output=True,
                              text=True)
        if verdict == "refused":
            assert done.returncode == 1, name
            assert len(done.stderr.splitlines()) == 1, name
            continue
        assert done.returncode == 0, done.stderr
        lines = {}
        for key in arrays.files:
            value = arrays[key]
            shape = "".join(f"{extent}," for extent in value.shape)
            lines[key] = (f"{key} {names[value.dtype.str[1:]]} ({shape}) "
                          f"{numpy.ascontiguousarray(value).tobytes().hex()}")
        assert {line.split()[0]: line for line in done.stdout.splitlines()} == lines, name
