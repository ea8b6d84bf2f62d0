"""What quickstart ends with holds for other seeds and precisions: python3 names_test.py ELMO.

Names that the labelled text does not have get the right label by their vector in context, not by a
vector a word: in either language, the 95 % intervals apart.
"""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import CORPORA, ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)
QUICKSTART = CORPORA.parent / "tools" / "quickstart"


def interval(right, n):
    """Wilson's, 95 %."""
    z, p = 1.96, right / n
    middle, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


class NamesTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.text = {}
        for language in ("en", "ko"):
            lines = (CORPORA / f"{language}.txt").read_text(encoding="utf-8").splitlines(True)
            self.write(f"{language}.train", [line for i, line in enumerate(lines, 1) if i % 20])
            self.write(f"{language}.dev", lines[19::20])
            self.elmo("vocab", "--size", 2000, "--input", self.folder / f"{language}.train",
                      "--output", self.folder / f"{language}.model")
            for part in ("train", "dev"):
                rows = [line.split("\t") for line in
                        (CORPORA / f"unseen.{language}.{part}.tsv").read_text(
                            encoding="utf-8").splitlines()]
                self.write(f"{language}.{part}.txt", [row[2] + "\n" for row in rows])
                self.write(f"{language}.{part}.list", sorted({row[1] + "\n" for row in rows}))
                self.write(f"{language}.{part}.tsv", [f"{row[0]}\t{row[1]}\n" for row in rows])

    def write(self, name, lines):
        (self.folder / name).write_text("".join(lines), encoding="utf-8")

    def accuracy(self, language, model, layer, precision):
        """The interval of a classifier on a layer's vectors; None: on vectors that it learns."""
        at = [self.folder / f"{language}.{part}.tsv" for part in ("train", "dev")]
        vectors = []
        for part, option in (("train", "--vectors"), ("dev", "--dev-vectors")):
            if layer is None:
                continue
            name = f"{language}.{part}"
            self.elmo("dump", "--model", model, "--input", self.folder / f"{name}.txt", "--words",
                      self.folder / f"{name}.list", "--layers", layer, "--layout", "matrix",
                      "--precision", precision, "--output", self.folder / f"{name}.h5")
            vectors += [option, self.folder / f"{name}.h5"]
        task = self.folder / "task.h5"
        self.elmo("train", "--task", "classify", "--train", at[0], "--dev", at[1], *vectors,
                  "--learning-rate", 0.01, "--epochs", 20, "--patience", 0, "--overwrite",
                  "--output", task)
        done = self.elmo("evaluate", "--task", task, "--input", at[1],
                         *(["--vectors", vectors[3]] if vectors else []), "--json")
        result = json.loads(done.stdout)
        return interval(result["accuracy"] * result["examples"], result["examples"])

    def test_context_tells_names_apart(self):
        precisions = ["f32"]
        if "amx" in pathlib.Path("/proc/cpuinfo").read_text() or \
                "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text():
            precisions.append("bf16")
        # What quickstart trains with.
        options = next(line for line in QUICKSTART.read_text().split("\n")
                       if "--batch-size 32" in line).replace('"${again[@]}"', "").split()
        for language in ("en", "ko"):
            for precision in precisions:
                for seed in (1, 2, 3):
                    with self.subTest(language=language, precision=precision, seed=seed):
                        model = self.folder / "model"
                        self.elmo("pretrain", "--direction", "both", "--preset", "tiny",
                                  "--vocab", self.folder / f"{language}.model",
                                  "--input", self.folder / f"{language}.train",
                                  "--dev", self.folder / f"{language}.dev", "--output", model,
                                  *options, "--seed", seed, "--precision", precision,
                                  "--overwrite")
                        lowest = self.accuracy(language, model, 1, precision)[0]
                        for other in (None, 0):
                            self.assertGreater(
                                lowest, self.accuracy(language, model, other, precision)[1])


if __name__ == "__main__":
    unittest.main()
