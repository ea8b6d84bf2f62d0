"""The parts of a dump, started by an mpirun: python3 mpirun_test.py ELMO MPIRUN."""
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from mpirun import mpirun  # noqa: E402
from trained import ProgramTest  # noqa: E402

ProgramTest.ELMO, MPIRUN = sys.argv.pop(1), sys.argv.pop(1)


class MpirunTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(60, size=800)
        cls.share_model("--steps", 2, "--batch-size", 16)

    def test_every_process_takes_its_part(self):
        words = ("dump", "--model", self.model, "--input", self.corpus, "--output")
        self.elmo(*words, self.folder / "whole.h5")
        done = subprocess.run(
            [*mpirun(MPIRUN, 2), self.ELMO, *map(str, words), str(self.folder / "v.h5"), "--shard",
             "auto", "--threads", "1"], capture_output=True, text=True, timeout=200)
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in ("part 0 of 2, says", "part 1 of 2, says"):
            self.assertIn(part, done.stdout + done.stderr)
        self.elmo("join", self.folder / "v.h5")
        self.assertEqual((self.folder / "whole.h5").read_bytes(),
                         (self.folder / "v.h5").read_bytes())


if __name__ == "__main__":
    unittest.main()
