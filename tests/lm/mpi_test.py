"""Pretraining by several processes under Open MPI: python3 mpi_test.py ELMO."""
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from mpirun import mpirun  # noqa: E402
from trained import ANY_LENGTH, ProgramTest, write_corpus  # noqa: E402

ProgramTest.ELMO = pathlib.Path(sys.argv.pop(1)).resolve()


class MpiTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share()
        cls.dev = write_corpus(cls.shared / "dev.txt", 20)

    def words(self, name, *more, direction="forward", steps=8, text=None):
        return ["pretrain", "--direction", direction, "--preset", "tiny", "--input",
                text or self.corpus, "--vocab", self.vocabulary, "--output", self.folder / name,
                "--steps", steps, "--batch-size", 128, "--unroll", 5, "--checkpoint-every", 3,
                "--threads", 1, *ANY_LENGTH, *more]

    def mpirun(self, count, words, before=""):
        """`before`: of the shell, in each process."""
        command = shlex.join(map(str, [self.ELMO, *words]))
        process = subprocess.Popen(
            [*mpirun("mpirun.openmpi", count), "sh", "-c", f"{before} exec {command}"], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def finish(self, process, status=0, seconds=100):
        """What the processes said: not what the launcher adds when one ends badly."""
        errors = process.communicate(timeout=seconds)[1]
        self.assertEqual(process.returncode, status, errors)
        return [line for line in errors.splitlines()
                if re.match(r"(\[\d+ \S+\] )?(elmo|warning|pretrain|forward|backward)\b", line)]

    def ranks(self, process, count):
        """The processes under an mpirun, by rank, once all train."""
        found = {}
        deadline = time.monotonic() + 60
        while len(found) < count and time.monotonic() < deadline:
            time.sleep(0.05)
            for entry in pathlib.Path("/proc").glob("[0-9]*"):
                try:
                    if pathlib.Path(os.readlink(entry / "exe")).name != "elmo":
                        continue
                    environment = (entry / "environ").read_bytes().split(b"\0")
                    if f"TEST_TAG={process.tag}".encode() not in environment:
                        continue
                    for variable in environment:
                        if variable.startswith(b"OMPI_COMM_WORLD_RANK="):
                            found[int(variable.split(b"=")[1])] = int(entry.name)
                except OSError:
                    pass
        self.assertEqual(len(found), count)
        return found

    def started(self, count, words):
        """Goes on once it has taken a step."""
        tag = f"{os.getpid()}.{time.monotonic_ns()}"
        log = pathlib.Path(words[words.index("--output") + 1]) / "log.jsonl"
        size = log.stat().st_size if log.exists() else 0
        process = self.mpirun(count, words, f"export TEST_TAG={tag};")
        process.tag = tag
        smaller = size == 0  # --overwrite drops the lines of before
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            now = log.stat().st_size if log.exists() else 0
            smaller = smaller or now < size
            if smaller and now > 0 or now > size:
                break
            time.sleep(0.02)
        return process

    def assert_gone(self, ranks):
        deadline = time.monotonic() + 10
        while any(pathlib.Path(f"/proc/{pid}").exists() for pid in ranks.values()):
            self.assertLess(time.monotonic(), deadline, "a process is left")
            time.sleep(0.1)

    def assert_same(self, first, second, directions=("forward",)):
        for direction in directions:
            for name in (f"{direction}.h5", f"{direction}.checkpoint.h5"):
                self.assert_equal_files(self.folder / first / name, self.folder / second / name)

    def test_any_number_of_processes_gives_the_same_bits_and_one_speaks(self):
        more = ("--dev", self.dev)
        self.elmo(*self.words("alone", *more))
        for count in (1, 2, 3, 4):
            name = f"of{count}"
            said = self.finish(self.mpirun(count, self.words(name, *more)))
            self.assert_same("alone", name)
            log = (self.folder / name / "log.jsonl").read_text().splitlines()
            self.assertEqual(len(log), len((self.folder / "alone/log.jsonl").read_text()
                                           .splitlines()))
            self.assertEqual(sum("done after" in line for line in said), 1)
            if count > 1:
                self.assertRegex(said[0], rf"^pretrain: {count} processes on 1 machine, 1 thread "
                                 r"each, groups of 32 streams, Open MPI "
                                 r"(4\.\d+\.\d+, shared memory|[5-9]\.\d+\.\d+)$")
        # Resumed by other numbers of processes.
        self.finish(self.mpirun(4, self.words("chain", *more, steps=2)))
        self.elmo(*self.words("chain", *more, "--resume", steps=4))
        self.finish(self.mpirun(3, self.words("chain", *more, "--resume", steps=6)))
        self.finish(self.mpirun(2, self.words("chain", *more, "--resume")))
        self.assert_same("alone", "chain")

    def test_both_directions_share_the_processes(self):
        both = ("forward", "backward")
        self.elmo(*self.words("alone", direction="both"))
        said = self.finish(self.mpirun(4, self.words("halves", direction="both")))
        self.assert_same("alone", "halves", both)
        self.assertEqual(sum("done after" in line for line in said), 2)
        said = self.finish(self.mpirun(3, self.words("odd", direction="both")), status=2)
        self.assertEqual(said, ["elmo pretrain: --direction both gives half of the processes to "
                                "each direction, and there are 3; start 2 or 4"])
        self.elmo(*self.words("shared", "--share-encoder", direction="both"))
        self.finish(self.mpirun(3, self.words("shared3", "--share-encoder", direction="both")))
        self.assert_same("shared", "shared3", both)

    def test_refuses_what_can_not_be(self):
        for count, words, status, message in (
                (5, self.words("many"), 2, "--batch-size 128 gives 4 groups of streams, for as "
                 "many processes a direction, and there are 5; start fewer processes "
                 "(--batch-size 256 would do for as many)"),
                (2, self.words("missing", text=self.folder / "none.txt"), 1, "none.txt"),
                (2, self.words("pipe", text="-"), 2, "reaches one process alone"),
                (2, self.words("wrong", "--batch-size", "x"), 2, "--batch-size")):
            said = self.finish(self.mpirun(count, words), status=status)
            said = [line for line in said if "elmo pretrain: " in line]
            self.assertEqual(len(said), 1, said)
            self.assertIn(message, said[0])

    def test_names_the_process_that_differs(self):
        for folder, lines in (("0", 150), ("1", 149), ("2", 150)):
            (self.folder / folder).mkdir()
            write_corpus(self.folder / folder / "text", lines)
        words = self.words("texts", text="text")
        for before, what in (
                (f"cd {self.folder}/$OMPI_COMM_WORLD_RANK;", "another --input"),
                ("cd %s/0; [ $OMPI_COMM_WORLD_RANK = 1 ] && export ONEDNN_MAX_CPU_ISA=AVX2;"
                 % self.folder, "another kind of CPU")):
            said = self.finish(self.mpirun(3, words, before), status=1)
            said = [line for line in said if "elmo pretrain: " in line]
            self.assertEqual(len(said), 1, said)
            self.assertRegex(said[0], rf"^elmo pretrain: process 1 on \S+ has {what} than process "
                             r"0 on ")
        # What one alone meets, it tells.
        said = self.finish(self.mpirun(
            3, words, f"cd {self.folder}/0; [ $OMPI_COMM_WORLD_RANK = 2 ] && cd /;"), status=1)
        said = [line for line in said if "elmo pretrain: " in line]
        self.assertEqual(len(said), 1, said)
        self.assertRegex(said[0], r"^\[2 \S+\] elmo pretrain: text: ")

    def test_a_process_that_is_killed_ends_all(self):
        self.elmo(*self.words("whole", "--report-every", 1, steps=60))
        words = self.words("killed", "--report-every", 1, steps=60)
        for victim in (1, 0):
            process = self.started(3, words)
            ranks = self.ranks(process, 3)
            os.kill(ranks[victim], signal.SIGKILL)
            process.communicate(timeout=30)
            self.assertNotEqual(process.returncode, 0)
            self.assert_gone(ranks)
            words = [*words[:words.index("--report-every")], "--report-every", 1, "--resume"]
        self.elmo(*words)
        self.assert_same("whole", "killed")

    def test_a_process_that_stops_is_named_and_all_end(self):
        words = self.words("stopped", "--report-every", 1, "--stall", 4, steps=100000)
        for victim in (2, 0):
            process = self.started(3, words)
            ranks = self.ranks(process, 3)
            os.kill(ranks[victim], signal.SIGSTOP)
            start = time.monotonic()
            errors = process.communicate(timeout=40)[1]
            self.assertLess(time.monotonic() - start, 30)
            self.assertEqual(process.returncode, 1, errors)
            missing = rf"no word from process {victim} on \S+ for \d s"
            self.assertEqual(len(re.findall(f"warning: {missing}", errors)), 1, errors)
            self.assertEqual(len(re.findall(f"elmo pretrain: {missing}", errors)), 1, errors)
            self.assertEqual(errors.count("no word from"), 2, errors)
            self.assert_gone(ranks)
            words = [*words, "--overwrite"]

    def test_stops_for_a_signal_with_a_checkpoint(self):
        for sender in ("process 1", "mpirun"):
            words = self.words("signalled", "--report-every", 1, "--overwrite", steps=100000)
            process = self.started(2, words)
            # One process is enough; a launcher hands it to all.
            os.kill(self.ranks(process, 2)[1] if sender == "process 1" else process.pid,
                    signal.SIGUSR1)
            errors = process.communicate(timeout=40)[1]
            self.assertEqual(process.returncode, 130, errors)
            step = re.search(r"interrupted; the checkpoint is written, go on with --resume "
                             r"\(step (\d+)\)", errors)
            self.assertTrue(step, errors)
        steps = int(step[1]) + 1
        self.finish(self.mpirun(3, self.words("signalled", "--report-every", 1, "--resume",
                                              steps=steps)))
        self.elmo(*self.words("straight", "--report-every", 1, steps=steps))
        self.assert_same("straight", "signalled")

    def test_refuses_to_be_copies_that_know_nothing_of_one_another(self):
        for environment, message in (
                ({"SLURM_STEP_NUM_TASKS": "4"}, "srun --mpi=pmix (Open MPI) or --mpi=pmi2"),
                ({"OMPI_COMM_WORLD_SIZE": "4", "ELMO_MPI_MODULES": "/nowhere"},
                 "install the package elmo-mpi-openmpi"),
                ({"PMI_SIZE": "2", "ELMO_MPI_MODULES": "/nowhere"}, "elmo-mpi-mpich"),
                # Open MPI without its mpirun is alone.
                ({"OMPI_COMM_WORLD_SIZE": "4"}, "knows of 1")):
            done = subprocess.run(
                [self.ELMO, *map(str, self.words("copies"))], env={**os.environ, **environment},
                capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(message, done.stderr)


if __name__ == "__main__":
    unittest.main()
