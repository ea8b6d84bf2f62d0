"""Models by name: those that pip installed, and those that lie where the program looks."""
import os
import pathlib
import subprocess
import zipfile

import numpy
import pytest

import elmo

PACKAGE = pathlib.Path(__file__).resolve().parents[2] / "tools" / "package"


@pytest.fixture(scope="module")
def packaged(made, tmp_path_factory):
    """The paths of a packaged model: its folder and its wheel."""
    done = subprocess.run(
        [PACKAGE, "model", made / "model", "--name", "ko-tiny", "--language", "ko", "--license",
         "Apache-2.0", "--text", "Made-up text.", "--output", tmp_path_factory.mktemp("packaged")],
        check=True, capture_output=True, text=True)
    return [pathlib.Path(line) for line in done.stdout.split()]


def same_vectors(one, other):
    for a, b in zip(one.embed(["the bank of the river"]), other.embed(["the bank of the river"])):
        numpy.testing.assert_array_equal(a, b)


def test_a_package_is_found_by_its_entry_point(packaged, model, tmp_path, monkeypatch):
    with zipfile.ZipFile(packaged[1]) as archive:
        archive.extractall(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    named = elmo.load("ko-tiny")
    assert named.hash == model.hash
    same_vectors(named, model)
    vectorizer = elmo.Vectorizer("ko-tiny", layers="top", pool="mean").fit(["a text"])
    numpy.testing.assert_array_equal(vectorizer.transform(["a text"]),
                                     model.embed(["a text"], pool="mean", layers="top"))


def test_a_folder_is_found_where_the_program_looks(packaged, model, monkeypatch):
    monkeypatch.setenv("ELMO_MODEL_PATH", str(packaged[0].parent))
    assert elmo.load("ko-tiny").hash == model.hash


def test_a_path_wins_and_a_missing_name_says_where_it_was_looked_for(packaged, model, tmp_path,
                                                                     monkeypatch):
    monkeypatch.setenv("ELMO_MODEL_PATH", str(tmp_path / "none"))
    monkeypatch.chdir(packaged[0].parent)
    assert elmo.load("ko-tiny").hash == model.hash
    with pytest.raises(OSError, match="no installed model of that name in .*none"):
        elmo.load("ko-missing")
    assert not os.path.exists("ko-missing")
