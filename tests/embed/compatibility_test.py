"""Files of version 0.1 (tests/golden/version_0_1, written by it on a CPU with AVX-512 in f32) are read:
python3 compatibility_test.py ELMO [unittest options]."""
import json
import pathlib
import shutil
import sys
import unittest

import h5py

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(TESTS / "support"))
from trained import ProgramTest  # noqa: E402

GOLDEN = TESTS / "golden" / "version_0_1"


class CompatibilityTest(ProgramTest):
    def test_a_model_gives_the_vectors_that_it_gave(self):
        for layout, dtype, kept, tolerance in (("sentences", "f32", "vectors.h5", 1e-5),
                                               ("matrix", "f16", "matrix.h5", 2e-3)):
            path = self.folder / kept
            self.elmo("dump", "--model", GOLDEN / "model", "--input", GOLDEN / "lines.txt",
                      "--layout", layout, "--dtype", dtype, "--output", path)
            with h5py.File(path) as new, h5py.File(GOLDEN / kept) as old:
                self.assertEqual(new.keys(), old.keys())
                names = ["vectors"] if layout == "matrix" else [str(i) for i in range(6)]
                for name in names:
                    self.assertEqual(new[name].shape, old[name].shape)
                    self.assertLess(abs(new[name][()] - old[name][()]).max(), tolerance)
                for name in set(old) - set(names):
                    self.assertEqual(new[name][()].tolist(), old[name][()].tolist(), name)

    def test_a_model_gives_the_perplexity_that_it_gave(self):
        got = json.loads(self.elmo("perplexity", "--model", GOLDEN / "model", "--input",
                                   GOLDEN / "lines.txt", "--json").stdout)
        kept = json.loads((GOLDEN / "perplexity.json").read_text())
        for direction, values in kept.items():
            for key, value in values.items():
                self.assertAlmostEqual(got[direction][key] / value if value else 1, 1, delta=1e-4)

    def test_a_task_gives_the_labels_that_it_gave(self):
        got = self.elmo("predict", "--task", GOLDEN / "task.h5", "--model", GOLDEN / "model",
                        "--input", GOLDEN / "lines.txt").stdout.splitlines()
        kept = (GOLDEN / "predicted.txt").read_text(encoding="utf-8").splitlines()
        self.assertEqual(len(got), len(kept))
        for new, old in zip(got, kept):
            new, old = new.split("\t"), old.split("\t")
            self.assertEqual([new[0], new[2]], [old[0], old[2]])
            self.assertAlmostEqual(float(new[1]), float(old[1]), delta=2e-3)

    def test_a_dump_is_opened(self):
        self.elmo("info", GOLDEN / "vectors.h5")
        self.elmo("plot", "words", GOLDEN / "vectors.h5", "--word", "the", "--output",
                  self.folder / "the.html")

    def test_a_checkpoint_is_refused_by_name(self):
        """It was made with sums in another order, so that its end would have other bits."""
        model = self.folder / "model"
        shutil.copytree(GOLDEN / "model", model)
        before = {path.name: path.read_bytes() for path in model.iterdir()}
        said = self.elmo("pretrain", "--direction", "forward", "--input", GOLDEN / "text.txt",
                         "--dev", GOLDEN / "text.txt", "--output", model, "--resume", "--steps",
                         20, status=1).stderr
        self.assertIn("forward.checkpoint.h5", said)
        self.assertIn("older version of elmo, which summed in another order", said)
        self.assertEqual(before, {path.name: path.read_bytes() for path in model.iterdir()})


if __name__ == "__main__":
    CompatibilityTest.ELMO = sys.argv.pop(1)
    unittest.main()
