"""A model of ELMoForManyLangs, made here, in Python; ELMO is the program."""
import os
import pathlib
import subprocess
import sys

import numpy
import pytest

import elmo

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "reference"))
from efml import Efml, random_model, write_model  # noqa: E402

# Words that no line can hold are among them.
SENTENCES = [["the", "New York", "tab\there"], [], ["ㅋㅋ", "<bos>", " lead"], [" "]]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    model = random_model()
    return write_model(tmp_path_factory.mktemp("made") / "efml", model), Efml(model)


def test_vectors_are_those_of_the_reference(made):
    folder, reference = made
    model = elmo.load(folder)
    assert (model.layers, model.dimension) == (3, 24)
    state = {}
    for carry in (0, 1):
        for words, vectors in zip(SENTENCES, model.embed(SENTENCES, carry_state=carry)):
            expected = reference.embed(words, state if carry else None)
            assert vectors.shape == expected.shape
            assert abs(vectors - expected).max(initial=0) < 1e-5


def test_normalisation_is_for_the_raw_folder(made, tmp_path):
    folder, reference = made
    subprocess.run([os.environ["ELMO"], "import", "--efml", folder, "--output", tmp_path / "own",
                    "--normalize", "nfkc"], check=True, capture_output=True)
    for model in (elmo.load(folder, normalize="nfkc"), elmo.load(tmp_path / "own")):
        expected = reference.embed(["ᄏᄏ"])
        assert abs(model.embed([["ㅋㅋ"]])[0] - expected).max() < 1e-5
    assert not numpy.array_equal(elmo.load(folder).embed([["ㅋㅋ"]])[0], expected)
    with pytest.raises(ValueError, match="an imported model holds its own"):
        elmo.load(tmp_path / "own", normalize="nfkc")
    with pytest.raises(ValueError, match="none, nfkc, width"):
        elmo.load(folder, normalize="nfc")
    with pytest.raises(ValueError, match="goes with a folder"):
        elmo.load(options="o", weights="w", normalize="nfc")


def test_there_are_no_probabilities(made, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("the\n")
    for call in (elmo.load(made[0]).perplexity, elmo.load(made[0]).score):
        with pytest.raises(OSError, match="ELMoForManyLangs"):
            call(text)
