"""Pretraining under Slurm, on machines that are network namespaces: python3 slurm_test.py ELMO.
Takes root, ip, slurmctld, slurmd, srun, munged and Open MPI; MPICH's test, its module."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import HOSTS, Cluster  # noqa: E402
from slurm import Slurm  # noqa: E402
from trained import ANY_LENGTH, ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


class SlurmTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share()
        cls.shared.chmod(0o755)
        cls.cluster = Cluster(cls.shared)
        cls.addClassCleanup(cls.cluster.down)
        Slurm(cls.shared, cls.cluster, cls.addClassCleanup)

    def words(self, name, *more, steps=8):
        return list(map(str, [
            "pretrain", "--direction", "forward", "--preset", "tiny", "--input", self.corpus,
            "--vocab", self.vocabulary, "--output", self.folder / name, "--steps", steps,
            "--batch-size", 128, "--unroll", 5, "--checkpoint-every", 3, "--report-every", 1,
            "--threads", 1, *ANY_LENGTH, *more]))

    def srun(self, count, words, mpi="pmix"):
        process = subprocess.Popen(
            [self.cluster.on, "0", "srun", f"-N{count}", f"-n{count}", f"--mpi={mpi}",
             "--kill-on-bad-exit=1", self.ELMO, *words], text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def finish(self, process, status=0):
        errors = process.communicate(timeout=120)[1]
        self.assertEqual(process.returncode, status, errors)
        return errors

    def assert_same(self, first, second):
        for name in ("forward.h5", "forward.checkpoint.h5"):
            self.assert_equal_files(self.folder / first / name, self.folder / second / name)

    def test_srun_gives_the_bits_of_one_machine(self):
        self.elmo(*self.words("alone"))
        errors = self.finish(self.srun(4, self.words("four")))
        self.assertIn("4 processes on 4 machines", errors)
        self.assert_same("alone", "four")
        if list(pathlib.Path(self.ELMO).resolve().parents[1].glob("lib*/**/libelmo-mpi-mpich.so")):
            errors = self.finish(self.srun(3, self.words("mpich"), mpi="pmi2"))
            self.assertIn("3 processes on 3 machines", errors)
            self.assertIn("MPICH", errors)
            self.assert_same("alone", "mpich")

    def test_copies_that_know_nothing_of_one_another_are_refused(self):
        # srun ends the others when the first fails, and has their status.
        process = self.srun(2, self.words("copies"), mpi="none")
        errors = process.communicate(timeout=60)[1]
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("srun started 2 processes that know nothing of one another", errors)
        self.assertFalse((self.folder / "copies").exists())

    def started(self, name, process):
        log = self.folder / name / "log.jsonl"
        deadline = time.monotonic() + 60
        while not (log.exists() and log.stat().st_size > 0):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_scancel_with_a_signal_writes_a_checkpoint(self):
        process = self.srun(4, self.words("signal", steps=100000))
        self.started("signal", process)
        job = subprocess.run([self.cluster.on, "0", "squeue", "-h", "-o", "%i"],
                             capture_output=True, text=True).stdout.split()[0]
        subprocess.run([self.cluster.on, "0", "scancel", "--signal=USR1", job], check=True)
        errors = self.finish(process, status=130)
        step = int(re.search(r"go on with --resume \(step (\d+)\)", errors)[1])
        self.finish(self.srun(3, self.words("signal", "--resume", steps=step + 1)))
        self.elmo(*self.words("straight", steps=step + 1))
        self.assert_same("straight", "signal")

    def test_a_killed_process_ends_all(self):
        process = self.srun(4, self.words("killed", steps=100000))
        self.started("killed", process)
        os.kill(self.cluster.programs(2)[0], signal.SIGKILL)
        process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        deadline = time.monotonic() + 20
        while any(self.cluster.programs(i) for i in range(HOSTS)):
            self.assertLess(time.monotonic(), deadline, "a process is left")
            time.sleep(0.2)


if __name__ == "__main__":
    unittest.main()
