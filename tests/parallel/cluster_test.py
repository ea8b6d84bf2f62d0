"""Pretraining by machines that are network namespaces on one bridge, under mpirun over TCP:
python3 cluster_test.py ELMO. Takes root, ip and Open MPI."""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cluster import HOSTS, Cluster, run  # noqa: E402
from trained import ANY_LENGTH, ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


class ClusterTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share()
        cls.cluster = Cluster(cls.shared)
        cls.addClassCleanup(cls.cluster.down)

    def words(self, name, *more, steps=8, output=None):
        return list(map(str, [
            "pretrain", "--direction", "forward", "--preset", "tiny", "--input", self.corpus,
            "--vocab", self.vocabulary, "--output", output or self.folder / name, "--steps", steps,
            "--batch-size", 128, "--unroll", 5, "--checkpoint-every", 3, "--report-every", 1,
            "--threads", 1, *ANY_LENGTH, *more]))

    def mpirun(self, count, words, *options):
        environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1",
                       "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        process = subprocess.Popen(
            [self.cluster.on, "0", "mpirun.openmpi", "--hostfile", self.cluster.hosts, "--bind-to",
             "none", "--mca", "plm_rsh_agent", self.cluster.agent, "-n", str(count), *options,
             self.ELMO, *words],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, env=environment)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            self.cluster.end_all()
        if not process.stderr.closed:
            process.errors = process.communicate()[1]

    def wait_for_step(self, name, process):
        log = self.folder / name / "log.jsonl"
        deadline = time.monotonic() + 60
        while not (log.exists() and log.stat().st_size > 0):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def assert_nothing_runs(self):
        deadline = time.monotonic() + 10
        while any(self.cluster.programs(i) for i in range(HOSTS)):
            self.assertLess(time.monotonic(), deadline, "a process is left")
            time.sleep(0.1)

    def assert_same(self, first, second):
        for name in ("forward.h5", "forward.checkpoint.h5"):
            self.assert_equal_files(self.folder / first / name, self.folder / second / name)

    def test_has_the_bits_of_one_machine_over_tcp(self):
        self.elmo(*self.words("alone"))
        process = self.mpirun(4, self.words("four"))
        errors = process.communicate(timeout=120)[1]
        self.assertEqual(process.returncode, 0, errors)
        self.assertIn("pretrain: 4 processes on 4 machines, 1 thread each, groups of 32 streams, "
                      "Open MPI", errors)
        self.assertIn(", TCP", errors)
        self.assert_same("alone", "four")

    def test_goes_on_with_three_machines_when_one_was_killed(self):
        process = self.mpirun(4, self.words("killed", steps=400))
        self.wait_for_step("killed", process)
        os.kill(self.cluster.programs(2)[0], signal.SIGKILL)
        process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        self.assert_nothing_runs()
        process = self.mpirun(3, self.words("killed", "--resume", steps=400))
        errors = process.communicate(timeout=300)[1]
        self.assertEqual(process.returncode, 0, errors)
        self.elmo(*self.words("whole", steps=400))
        self.assert_same("whole", "killed")

    def test_names_the_machine_whose_network_is_gone(self):
        process = self.mpirun(4, self.words("gone", "--stall", 6, steps=100000))
        self.wait_for_step("gone", process)
        run("ip", "-n", "elmosw", "link", "set", "p3", "down")
        self.addCleanup(run, "ip", "-n", "elmosw", "link", "set", "p3", "up")
        deadline = time.monotonic() + 40
        while any(self.cluster.programs(i) for i in range(HOSTS)):
            self.assertLess(time.monotonic(), deadline, "a process is left")
            time.sleep(0.2)
        # mpirun itself waits for the machine on, until TCP gives it up.
        self.end(process)
        errors = process.errors
        self.assertRegex(errors, "warning: no word from process 3 on elmo3 for")
        self.assertRegex(errors, "elmo pretrain: no word from process 3 on elmo3 for")

    def test_tells_of_a_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk)
        self.addCleanup(run, "umount", disk)
        process = self.mpirun(2, self.words("full", output=disk / "model"))
        errors = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 1, errors)
        ours = [line for line in errors.splitlines() if "elmo pretrain:" in line]
        self.assertEqual(len(ours), 1, errors)
        self.assertIn("the disk is full", ours[0])
        self.assert_nothing_runs()


if __name__ == "__main__":
    unittest.main()
