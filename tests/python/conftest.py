"""What the tests of the Python module share; ELMO is the program."""
import os
import pathlib
import subprocess
import sys

import pytest

import elmo

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "support"), str(TESTS / "reference")]
from trained import write_corpus  # noqa: E402


def run(*words):
    return subprocess.run([os.environ["ELMO"], *map(str, words)], check=True, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL).stdout


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A folder with a text, its sentences cut into words, and a model."""
    folder = tmp_path_factory.mktemp("made")
    corpus = write_corpus(folder / "text.txt", lines=150)
    run("vocab", "--input", corpus, "--size", 1500, "--output", folder / "v.model")
    run("pretrain", "--direction", "both", "--preset", "tiny", "--input", corpus, "--vocab",
        folder / "v.model", "--output", folder / "model", "--steps", 4, "--batch-size", 16)
    return folder


@pytest.fixture(scope="session")
def model(made):
    return elmo.load(made / "model")


@pytest.fixture(scope="session")
def sentences(made):
    return [line.split() for line in (made / "text.txt").read_text("utf-8").splitlines()]
