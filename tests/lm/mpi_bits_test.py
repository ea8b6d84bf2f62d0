"""The bits of a pretraining by several processes under MPI: python3 mpi_bits_test.py ELMO MPIRUN.
On each instruction set; what else a job promises is in mpi_test.py."""
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from mpirun import mpirun  # noqa: E402
from trained import ProgramTest  # noqa: E402

ProgramTest.ELMO, MPIRUN = sys.argv.pop(1), sys.argv.pop(1)


class MpiBitsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(300)

    def test_are_those_of_one_process(self):
        words = list(map(str, [
            "pretrain", "--direction", "forward", "--preset", "tiny", "--input", self.corpus,
            "--vocab", self.vocabulary, "--steps", 3, "--batch-size", 128, "--unroll", 4,
            "--threads", 1, "--output"]))
        one, three = self.folder / "one", self.folder / "three"
        self.elmo(*words, one)
        # As people call it: a word looked up in PATH, from which it finds its module, too.
        program = pathlib.Path(self.ELMO).resolve()
        path = f"{program.parent}:{os.environ['PATH']}"
        done = subprocess.run(
            [*mpirun(MPIRUN, 3), program.name, *words, str(three)], capture_output=True, text=True,
            timeout=100, env={**os.environ, "PATH": path})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("pretrain: 3 processes on 1 machine", done.stderr)
        for name in ("forward.h5", "forward.checkpoint.h5"):
            self.assert_equal_files(one / name, three / name)


if __name__ == "__main__":
    unittest.main()
