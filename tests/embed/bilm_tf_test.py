"""bilm-tf's own test vectors: python3 bilm_tf_test.py ELMO. ELMO_FIXTURES has bilm-tf/."""
import json
import os
import pathlib
import sys
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ProgramTest  # noqa: E402


class BilmTfTest(ProgramTest):
    def test_vectors_of_the_original(self):
        folder = pathlib.Path(os.environ["ELMO_FIXTURES"]) / "bilm-tf"
        streams = json.loads((folder / "lm_embeddings_sentences.json").read_text())
        lines = [stream[k] for k in range(10) for stream in streams]
        text, output = self.folder / "text.txt", self.folder / "out.h5"
        text.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.elmo("dump", "--options", folder / "options.json", "--weights",
                  folder / "lm_weights.hdf5", "--input", text, "--output", output,
                  "--layers", "top", "--carry-state", 3)
        with h5py.File(output) as file:
            for s in range(3):
                with h5py.File(folder / f"lm_embeddings_{s}.hdf5") as vectors:
                    for k in range(10):
                        expected = numpy.concatenate(list(vectors[str(k)]), axis=1)
                        worst = abs(file[str(3 * k + s)][()] - expected).max()
                        self.assertLess(worst, 2e-6)


if __name__ == "__main__":
    ProgramTest.ELMO = sys.argv.pop(1)
    unittest.main()
