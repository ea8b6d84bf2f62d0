"""Runs docs/python.md as it stands there, each block in a process of its own: what stands in a block
tells which it is, and what must be true after it."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

from conftest import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/python.md").read_text("utf-8"),
                    re.M | re.S)

CHECKS = {
    "embed_flat(texts)            #": """
assert [one.shape for one in layers] == [(2, 9, 128), (2, 5, 128)] and matrix.shape == (2, 128)
assert batch.shape == (2, 9, 128) and mask.sum() == 14 and rows.shape == (14, 128)
assert (bank == top[0][4]).all() and len(bank) == 1""",
    "embed_iter": """
assert longest == max(len(line.split()) for line in open("text.txt", encoding="utf-8"))
assert 0 < share < 0.9 and (repeated[0] == repeated[1]).all()""",
    "GridSearchCV": """
assert scores.min() > 0.9 and search.best_score_ > 0.9
assert list(best.predict(texts[:5])) == list(labels[:5])""",
    "class ElmoTensor": """
assert docs[0].tensor.shape == (9, 128) and docs[1].tensor.shape == (5, 128)
expected = elmo.load("model").embed([[token.text for token in docs[0]]], layers="top")[0]
assert (docs[0].tensor == expected).all()
assert nlp("").tensor.shape == (0, 128)""",
    "user_token_hooks": """
assert vector.shape == (128,) and 0.5 < same < 1.001 and river.vector.shape == (128,)
assert (vector == river.tensor[4]).all()""",
    "pack_sequence": """
assert loss < 0.1""",
    "torch.utils.data": """
assert len(batches) == 25 and batches[0][0][0] == 16 and batches[0][0][2] == 128
again = torch.utils.data.DataLoader(texts, batch_size=16, collate_fn=collate, num_workers=2,
                                    multiprocessing_context="fork", persistent_workers=True)
for _ in range(2):
    for (mine, _), (shape, _) in zip(again, batches):
        assert mine.shape == shape
assert torch.equal(next(iter(again))[0], collate([texts[i] for i in range(16)])[0])""",
    "KERAS_BACKEND": """
assert history["accuracy"][-1] > 0.9""",
    "KeyedVectors": """
assert len(words) > 100 and words.vector_size == 128 and odd in words
counts = {}
for line in open("text.txt", encoding="utf-8"):
    for word in line.split():
        counts[word] = counts.get(word, 0) + 1
assert set(words.index_to_key) <= set(counts) and words.index_to_key[0] == max(counts, key=counts.get)
assert (again["bank"] == words["bank"]).all()""",
    "IndexFlatIP": """
assert nearest[0][0] == 7 and abs(cosines[0][0] - 1) < 1e-5""",
    "LargeListArray": """
assert first.shape[0] == len(texts[0].split()) or first[0].shape == (128,)
stacked = numpy.stack(list(first)) if first.ndim == 1 else first
assert (stacked == model.embed([texts[0]], layers="average")[0]).all()
assert (numpy.stack(list(pandas.read_parquet("texts.parquet")["vector"]))
        == model.embed(texts, pool="mean")).all()""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    lines = (ROOT / "corpora/en.txt").read_text("utf-8").splitlines()[:300]
    (folder / "text.txt").write_text("\n".join(lines) + "\n", "utf-8")
    other = (ROOT / "corpora/ko.txt").read_text("utf-8").splitlines()[:200]
    (folder / "train.tsv").write_text(
        "".join(f"English\t{line}\nKorean\t{theirs}\n" for line, theirs in zip(lines, other)), "utf-8")
    run("vocab", "--input", folder / "text.txt", "--size", 600, "--output", folder / "v.model")
    run("pretrain", "--direction", "both", "--preset", "tiny", "--input", folder / "text.txt",
        "--vocab", folder / "v.model", "--output", folder / "model", "--steps", 4)
    return folder


def test_every_block_is_checked():
    assert [[sign for sign in CHECKS if sign in block] for block in BLOCKS] == [[s] for s in CHECKS]


@pytest.mark.parametrize("sign", CHECKS)
def test_block(folder, sign):
    block, = [block for block in BLOCKS if sign in block]
    script = folder / "example.py"
    # Worker processes that are not forked import the script.
    body = "".join(f"    {line}\n" if line else "\n" for line in
                   (block + "import numpy" + CHECKS[sign]).splitlines())
    script.write_text("if __name__ == '__main__':\n" + body, "utf-8")
    # The program by its name, as on a machine where it is installed.
    path = f"{pathlib.Path(os.environ['ELMO']).parent}:{os.environ['PATH']}"
    done = subprocess.run([sys.executable, script], cwd=folder, env={**os.environ, "PATH": path},
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
