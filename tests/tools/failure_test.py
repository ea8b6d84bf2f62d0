"""Failures in the middle of the work: python3 failure_test.py ELMO [CLASS...].

Whatever fails, the others stop, what is done is kept, one message says what happened, and the same
command with --resume gives what an uninterrupted run gives."""
import ctypes
import json
import os
import pathlib
import resource
import subprocess
import sys
import time
import unittest

import h5py

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ANY_LENGTH, ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)
FILES = tuple(f"{direction}{end}" for direction in ("forward", "backward")
              for end in (".h5", ".checkpoint.h5"))


def limit(**limits):
    """For preexec_fn: limit(NOFILE=64)."""
    def apply():
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
    return apply


class FailureTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(200)

    def settings(self, output, steps, *more, corpus=None):
        return ("pretrain", "--direction", "both", "--preset", "tiny", "--input",
                corpus or self.corpus, "--vocab", self.vocabulary, "--output", output, "--steps",
                steps, "--batch-size", 4, "--unroll", 8, "--checkpoint-every", 4, *ANY_LENGTH,
                *more)

    def whole(self, steps=12):
        """The folder of an uninterrupted run."""
        folder = self.shared / f"whole{steps}"
        if not folder.exists():
            self.elmo(*self.settings(folder, steps))
        return folder

    def assert_resumes(self, folder, steps=12):
        self.elmo(*self.settings(folder, steps, "--resume"))
        for name in FILES:
            self.assert_equal_files(self.whole(steps) / name, folder / name)

    def one_message(self, done):
        """The only line that names the command and no progress."""
        lines = [line for line in done.stderr.splitlines()
                 if line.startswith("elmo") and "words/s" not in line]
        self.assertEqual(len(lines), 1, done.stderr)
        return lines[0]


class MiddleTest(FailureTest):
    def test_one_direction_fails_and_the_other_stops(self):
        folder = self.folder / "model"
        # The first checkpoint of a model at step 4 can't take its name.
        (folder / "backward.h5").mkdir(parents=True)
        (folder / "backward.h5" / "file").touch()
        start = time.monotonic()
        done = self.elmo(*self.settings(folder, 100_000, "--overwrite"), status=1)
        self.assertLess(time.monotonic() - start, 60)
        self.assertIn("backward.h5", self.one_message(done))
        (folder / "backward.h5" / "file").unlink()
        (folder / "backward.h5").rmdir()
        self.assert_resumes(folder, steps=12 if self.step_of(folder) <= 12 else 40)

    def step_of(self, folder):
        with h5py.File(folder / "forward.checkpoint.h5") as file:
            return json.loads(file.attrs["settings"])["step"]

    def test_a_text_that_changes_between_two_readings(self):
        """The first reading indexes it; the others follow the index."""
        text = self.corpus.read_bytes()
        for name, spoil in (("shorter", lambda path: os.truncate(path, 500)),
                            ("other", lambda path: path.write_bytes(b"x" * len(text)))):
            with self.subTest(name):
                corpus, folder = self.folder / f"{name}.txt", self.folder / name
                corpus.write_bytes(text)
                running = subprocess.Popen(
                    [self.ELMO, *map(str, self.settings(folder, 1_000_000, "--report-every", 1,
                                                        corpus=corpus))],
                    stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
                while not (folder / "forward.h5").exists():
                    time.sleep(0.01)
                    self.assertIsNone(running.poll())
                spoil(corpus)
                _, errors = running.communicate(timeout=120)
                self.assertEqual(running.returncode, 1, errors)
                self.assertIn(str(corpus), errors.splitlines()[-1])
                self.assertTrue((folder / "forward.checkpoint.h5").exists())
                # With the text as it was it goes on.
                corpus.write_bytes(text)
                self.elmo(*self.settings(folder, self.step_of(folder) + 4, "--resume",
                                         corpus=corpus))

    def test_a_text_that_is_removed_while_it_is_read(self):
        """It is open, so it is there until it is closed; the run is the one that it would be."""
        corpus, folder = self.folder / "corpus.txt", self.folder / "model"
        corpus.write_bytes(self.corpus.read_bytes())
        running = subprocess.Popen(
            [self.ELMO, *map(str, self.settings(folder, 12, corpus=corpus))],
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        while not (folder / "backward.checkpoint.h5").exists():
            time.sleep(0.005)
            self.assertIsNone(running.poll())
        corpus.unlink()
        _, errors = running.communicate(timeout=120)
        if running.returncode == 0:
            for direction in ("forward", "backward"):
                self.assert_equal_files(self.whole() / f"{direction}.h5", folder / f"{direction}.h5")
        else:
            # Removed before it was opened for the second time.
            self.assertIn(str(corpus), errors.splitlines()[-1])

    def test_a_dump_keeps_what_is_whole_and_goes_on(self):
        """The bad line is in a window behind the first."""
        self.elmo(*self.settings(self.folder / "model", 2))
        text, output = self.folder / "text.txt", self.folder / "out.h5"
        whole = self.folder / "whole.h5"
        lines = self.corpus.read_bytes().splitlines(keepends=True)
        dump = ("dump", "--model", self.folder / "model", "--input", text, "--batch-size", 16,
                "--threads", 2, "--output")
        text.write_bytes(b"".join([*lines[:350], b"b\xe4d\n", *lines[350:]]))
        done = self.elmo(*dump, output, status=1)
        self.assertIn("text.txt:351: not UTF-8 at byte 2", done.stderr)
        self.assertRegex(done.stderr, r"; \d+ lines are kept, and the same command with --resume")
        self.assertFalse(output.exists())
        text.write_bytes(b"".join([*lines[:350], b"bad\n", *lines[350:]]))
        done = self.elmo(*dump, output, "--resume", status=2)
        self.assertIn("was begun with another --input", done.stderr)
        text.write_bytes(b"".join([*lines[:350], b"b\xe4d\n", *lines[350:]]))
        self.elmo(*dump, whole, "--invalid", "skip")
        done = self.elmo(*dump, output, "--invalid", "skip", "--resume", status=2)
        self.assertIn("--invalid", done.stderr)

    def test_two_thousand_files(self):
        parts = self.folder / "parts"
        parts.mkdir()
        lines = self.corpus.read_text(encoding="utf-8").splitlines(keepends=True)
        for i in range(2000):
            (parts / f"{i:04}.txt").write_text(lines[i % len(lines)], encoding="utf-8")
        self.elmo(*self.settings(self.folder / "model", 4, corpus=parts / "*.txt"),
                  preexec_fn=limit(NOFILE=64))

    def test_a_missing_file_in_the_middle_of_many_is_found_before_the_work(self):
        done = self.elmo("pretrain", "--direction", "forward", "--input", self.corpus,
                         self.folder / "missing.txt", "--vocab", self.vocabulary, "--output",
                         self.folder / "model", status=1)
        self.assertIn("missing.txt", self.one_message(done))
        self.assertFalse((self.folder / "model" / "forward.checkpoint.h5").exists())

    def test_closed_standard_streams(self):
        for streams in (">&-", "2>&-", "<&-", ">&- 2>&- <&-"):
            with self.subTest(streams):
                folder = self.folder / streams.replace("&", "")
                words = " ".join(f"'{word}'" for word in
                                 map(str, (self.ELMO, *self.settings(folder, 4))))
                self.assertEqual(os.system(f"{words} {streams} >/dev/null 2>&1" if streams == "<&-"
                                           else f"{words} {streams}"), 0)
                for name in FILES:
                    self.assertTrue((folder / name).exists())

    def test_a_reader_of_the_output_that_goes_away(self):
        self.elmo(*self.settings(self.folder / "model", 2))
        scoring = subprocess.Popen([self.ELMO, "score", "--model", self.folder / "model", "--input",
                                    self.corpus], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        scoring.stdout.readline()
        scoring.stdout.close()
        errors = scoring.stderr.read()
        scoring.stderr.close()
        self.assertEqual(scoring.wait(), 0, errors)


class LimitsTest(FailureTest):
    """What sanitizers do not bear: they reserve memory of their own."""

    def test_no_memory(self):
        # Enough to load the libraries, not for the model of the preset.
        done = self.elmo("pretrain", "--direction", "forward", "--preset", "original", "--input",
                         self.corpus, "--vocab", self.vocabulary, "--output", self.folder / "model",
                         "--steps", 2, "--threads", 2, status=1,
                         preexec_fn=limit(AS=700 << 20))
        self.assertIn("out of memory", self.one_message(done))


class FullDiskTest(FailureTest):
    """Mounts a small tmpfs, which takes root."""

    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        libc = ctypes.CDLL(None, use_errno=True)
        self.mount = lambda flags, size: self.assertEqual(
            libc.mount(b"tmpfs", os.fsencode(self.disk), b"tmpfs", flags, f"size={size}".encode()),
            0, os.strerror(ctypes.get_errno()))
        self.mount(0, 1 << 30)
        self.addCleanup(libc.umount2, os.fsencode(self.disk), 2)

    def test_a_disk_that_is_full_at_a_later_checkpoint(self):
        folder = self.disk / "model"
        # What a run takes before its first step, and half a checkpoint more.
        whole = self.whole()
        checkpoint = (whole / "forward.checkpoint.h5").stat().st_size
        self.mount(32, 2 * checkpoint + checkpoint // 2)  # MS_REMOUNT
        done = self.elmo(*self.settings(folder, 12), status=1)
        self.assertIn("the disk is full", self.one_message(done))
        self.assertLessEqual({path.name for path in folder.iterdir() if path.suffix != ".lock"},
                             {*FILES, "log.jsonl"})
        self.mount(32, 1 << 30)
        self.assert_resumes(folder)


if __name__ == "__main__":
    unittest.main()
