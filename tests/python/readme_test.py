"""Runs the README's Python as it stands there, in a folder as the README has it."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)

# What tells a block, and what must be true after it. Blocks of libraries that a machine may lack are
# tests of their own in CMakeLists.txt, which picks them by this sign.
CHECKS = [
    ("h5py.File", lambda seen: seen["first"].shape == (2, len(seen["text"].split()), 128)
     and seen["lines"][seen["text"]] == "0"),
    ("elmo.open", lambda seen: seen["vectors"].shape == (2, 3, 128)
     and seen["matrix"].shape == (2, 128)
     and seen["array"].shape[1] == len(seen["text"].split())
     and seen["batch"].shape == (2, 5, 128)
     and seen["mask"].tolist() == [[True] * 3 + [False] * 2, [True] * 5]
     and (abs(seen["batch"]).sum(axis=-1) > 0).tolist() == seen["mask"].tolist()),
    ("sklearn", lambda seen: seen["accuracy"] > 0.9),
]


def run(*words):
    subprocess.run([os.environ["ELMO"], *map(str, words)], check=True, capture_output=True,
                   stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    lines = (ROOT / "corpora/en.txt").read_text("utf-8").splitlines()[:300]
    (folder / "text.txt").write_text("\n".join(lines) + "\n", "utf-8")
    other = (ROOT / "corpora/ko.txt").read_text("utf-8").splitlines()[:300]
    labelled = [f"{label}\t{line}\n" for pair in zip(lines, other)
                for label, line in zip(("English", "Korean"), pair)]
    (folder / "train.tsv").write_text("".join(labelled[:400]), "utf-8")
    (folder / "dev.tsv").write_text("".join(labelled[400:]), "utf-8")
    run("vocab", "--input", folder / "text.txt", "--size", 600, "--output", folder / "v.model")
    run("pretrain", "--direction", "both", "--preset", "tiny", "--input", folder / "text.txt",
        "--vocab", folder / "v.model", "--output", folder / "model", "--steps", 4)
    run("dump", "--model", folder / "model", "--input", folder / "text.txt", "--output",
        folder / "vectors.h5")
    return folder


def test_every_block_is_checked():
    assert len(BLOCKS) == len(CHECKS)


@pytest.mark.parametrize("sign, holds", CHECKS, ids=[check[0] for check in CHECKS])
def test_block(folder, monkeypatch, sign, holds):
    block, = [block for block in BLOCKS if sign in block]
    monkeypatch.chdir(folder)
    seen = {"text": (folder / "text.txt").read_text("utf-8").splitlines()[0]}
    exec(compile(block, "README.md", "exec"), seen)
    assert holds(seen)
