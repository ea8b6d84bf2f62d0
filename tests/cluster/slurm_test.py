"""A dump as a job array of Slurm, all of whose daemons run here for the test:
python3 slurm_test.py ELMO."""
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import Cluster  # noqa: E402
from slurm import Slurm  # noqa: E402
from trained import ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


class SlurmTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(60, size=800)
        cls.share_model("--steps", 2, "--batch-size", 16)
        cls.shared.chmod(0o755)
        cls.cluster = Cluster(cls.shared)
        cls.addClassCleanup(cls.cluster.down)
        Slurm(cls.shared, cls.cluster, cls.addClassCleanup)

    def words(self, output, *options):
        return ("dump", "--model", self.shared / "model", "--input", self.corpus, "--output",
                output, *options)

    def submit(self, *options, command=""):
        """A batch job that runs the dump; what it printed."""
        script = self.folder / "job.sh"
        program = " ".join(map(str, (self.ELMO, *self.words(self.folder / "v.h5", "--shard", "auto",
                                                            "--threads", 1, "--resume"))))
        script.write_text(f"#!/bin/sh\n{command} {program}\n")
        for old in self.folder.glob("out.*"):
            old.unlink()
        done = subprocess.run(
            [self.cluster.on, "0", "sbatch", "--wait", "-o", self.folder / "out.%a", *options,
             script], capture_output=True, text=True, timeout=300)
        output = "".join(path.read_text() for path in sorted(self.folder.glob("out.*")))
        self.assertEqual(done.returncode, 0, done.stderr + output)
        return output

    def test_a_job_array_and_its_second_submission(self):
        whole = self.folder / "whole.h5"
        self.elmo(*self.words(whole))
        output = self.submit("--array=0-3", "-n1")
        for i in range(4):
            self.assertIn(f"part {i} of 4, says SLURM_ARRAY_TASK_ID", output)
        parts = self.folder / "v.h5.parts"
        kept = {path.name: path.stat().st_ino for path in parts.glob("*.h5")}
        self.assertEqual(len(kept), 4)
        # As after a failure: one is missing, the whole array goes again.
        (parts / "0002-of-0004.h5").unlink()
        self.elmo("join", self.folder / "v.h5", status=1)
        output = self.submit("--array=0-3", "-n1")
        self.assertEqual(output.count("complete already"), 3)
        for name in ("0000-of-0004.h5", "0001-of-0004.h5", "0003-of-0004.h5"):
            self.assertEqual((parts / name).stat().st_ino, kept[name])
        self.elmo("join", self.folder / "v.h5")
        self.assertEqual(whole.read_bytes(), (self.folder / "v.h5").read_bytes())

    def test_a_job_step_of_two_processes(self):
        whole = self.folder / "whole.h5"
        self.elmo(*self.words(whole))
        output = self.submit("-n2", command="srun")
        for i in range(2):
            self.assertIn(f"part {i} of 2, says SLURM_PROCID", output)
        self.elmo("join", self.folder / "v.h5")
        self.assertEqual(whole.read_bytes(), (self.folder / "v.h5").read_bytes())


if __name__ == "__main__":
    unittest.main()
